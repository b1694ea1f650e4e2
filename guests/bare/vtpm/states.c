/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Power, Startup and Shutdown (TPM 2.0 Library, part 1, 12; part 3, 9), self test, Clear. */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"
#include "lib/string.h"

/* TPMS_TIME_INFO of ReadClock */
struct clock {
	uint64_t clock;
	uint32_t resets, restarts;
	uint8_t safe;
};

static struct clock clock_read(void)
{
	const struct tpm_message *r = tpm_response();

	REQUIRE_EQ(tpm(0, "00000181"), 0);
	return (struct clock){tpm_get(r, 18, 8), (uint32_t)tpm_get(r, 26, 4),
			      (uint32_t)tpm_get(r, 30, 4), (uint8_t)tpm_get(r, 34, 1)};
}

TEST(before_startup, "before-startup", "before TPM2_Startup every other command gets INITIALIZE",
     "tpm:startup:first")
{
	static const char *const commands[] = {"0000017b 0008",
					       "00000143 01",
					       "0000017c",
					       "0000017a 00000006 00000100 00000001",
					       "0000017e 00000001 000b 03 010000",
					       "00000145 0000"};

	vtpm_reset();
	for (unsigned i = 0; i < ARRAY_LEN(commands); i++) {
		test_case("%s", commands[i]);
		CHECK_EQ(tpm(0, commands[i]), TPM_RC_INITIALIZE);
	}
	CHECK_EQ(tpm(0, "00000144 0000"), 0);
	test_case("a second Startup");
	CHECK_EQ(tpm(0, "00000144 0000"), TPM_RC_INITIALIZE);
	CHECK_EQ(tpm(0, "00000144 0001"), TPM_RC_INITIALIZE);
	still_works();
}

TEST(no_state, "startup-no-state", "Startup(STATE) without Shutdown(STATE) is refused",
     "tpm:startup:state")
{
	vtpm_fresh();
	vtpm_reset();
	CHECK_EQ(tpm(0, "00000144 0001"), TPM_RC_P1_VALUE);
	CHECK_EQ(tpm(0, "00000144 0002"), TPM_RC_P1_VALUE);
	CHECK_EQ(tpm(0, "00000144 0000"), 0);
	test_case("after Shutdown(CLEAR)");
	REQUIRE_EQ(tpm(0, "00000145 0000"), 0);
	vtpm_reset();
	CHECK_EQ(tpm(0, "00000144 0001"), TPM_RC_P1_VALUE);
	CHECK_EQ(tpm(0, "00000144 0000"), 0);
	test_case("a command after Shutdown(STATE) nullifies it");
	REQUIRE_EQ(tpm(0, "00000145 0001"), 0);
	REQUIRE_EQ(pcr_extend(0, 0), 0);
	vtpm_reset();
	CHECK_EQ(tpm(0, "00000144 0001"), TPM_RC_P1_VALUE);
	CHECK_EQ(tpm(0, "00000144 0000"), 0);
}

TEST(resume, "startup-state", "Shutdown(STATE), reset, Startup(STATE): TPM Resume keeps PCRs 0-15",
     "tpm:startup:resume")
{
	struct clock before, after;
	struct digest pcr0;

	vtpm_fresh();
	for (unsigned n = 0; n < 24; n++)
		REQUIRE_EQ(pcr_extend(2, n), 0);
	pcr0 = pcr_read(0);
	before = clock_read();
	REQUIRE_EQ(tpm(0, "00000145 0001"), 0);
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0001"), 0);
	for (unsigned n = 0; n < 24; n++) {
		test_case("PCR %u", n);
		if (n < 16)
			CHECK(digest_same(pcr_read(n), pcr0));
		else
			CHECK(digest_is(pcr_read(n), n == 16 || n == 23 ? 0 : 0xff));
	}
	after = clock_read();
	CHECK_EQ(after.resets, before.resets);
	CHECK_EQ(after.restarts, before.restarts + 1);
	CHECK_GE(after.clock, before.clock);
	CHECK_EQ(after.safe, 1);
}

TEST(restart, "startup-restart",
     "Shutdown(STATE), reset, Startup(CLEAR): TPM Restart; a plain reset: TPM Reset",
     "tpm:startup:restart")
{
	struct clock before, after;

	vtpm_fresh();
	REQUIRE_EQ(pcr_extend(0, 0), 0);
	before = clock_read();
	REQUIRE_EQ(tpm(0, "00000145 0001"), 0);
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	CHECK(digest_is(pcr_read(0), 0));
	after = clock_read();
	CHECK_EQ(after.resets, before.resets);
	CHECK_EQ(after.restarts, before.restarts + 1);
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	after = clock_read();
	CHECK_EQ(after.resets, before.resets + 1);
	CHECK_EQ(after.restarts, 0);
	CHECK_EQ(after.safe, 0); /* without a shutdown the clock may have gone back */
}

TEST(self_test, "self-test", "SelfTest of all and incremental, and the result says so",
     "tpm:self-test:result")
{
	vtpm_fresh();
	CHECK_EQ(tpm(0, "00000142 00000002 0001 0023"), 0);
	CHECK_EQ(tpm(0, "00000143 00"), 0);
	CHECK_EQ(tpm(0, "00000143 01"), 0);
	CHECK_EQ(tpm(0, "0000017c"), 0);
	/* outData, then testResult */
	CHECK_EQ(tpm_get(tpm_response(), tpm_skip(tpm_response(), 10), 4), 0);
	CHECK_EQ(tpm(0, "00000142 00000002 0001 0023"), 0);
	CHECK_EQ(tpm_get(tpm_response(), 10, 4), 0); /* nothing is left to test */
	still_works();
}

TEST(sessions_lost, "reset-volatile", "a reset ends sessions and objects; NV stays",
     "tpm:reset:volatile")
{
	uint32_t session, object;
	uint64_t count;

	vtpm_fresh();
	counter_define();
	count = counter_read();
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 00 0010 000b", 16));
	object = make_hmac_key();
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	CHECK_EQ(flush(session), TPM_RC_P1_HANDLE);
	CHECK_EQ(flush(object), TPM_RC_P1_HANDLE);
	CHECK_EQ(counter_read(), count);
	CHECK_EQ(tpm(0, "00000122 %4 01800001 @pw", OWNER), 0);
}

/* The name of a primary key, which is a function of its hierarchy's seed. */
static struct digest primary_name(uint32_t hierarchy)
{
	struct digest d = {{0}};
	const struct tpm_message *r = tpm_response();
	uint32_t h = new_handle(tpm(0,
				    "00000131 %4 @pw [ [] [] ] [ 0008 000b 00040472 [] 0005 000b "
				    "[] ] [] 00000000",
				    hierarchy));
	uint32_t at = r->len - 5; /* response's one password session */

	REQUIRE_EQ(tpm_get(r, at - 34, 2), 0x000b); /* name is the last parameter */
	memcpy(d.b, r->data + at - SHA256_SIZE, SHA256_SIZE);
	CHECK_EQ(flush(h), 0);
	return d;
}

/* TPM2_Clear, part 3. ek.c shows that the EK stays. */
TEST(clear, "clear", "TPM2_Clear: owner's keys, seed and NV go; the platform's seed stays",
     "tpm:clear:owner")
{
	struct digest owner, platform;
	uint32_t key;

	vtpm_fresh();
	owner = primary_name(OWNER);
	platform = primary_name(PLATFORM);
	key = make_hmac_key();
	REQUIRE_EQ(tpm(0, "00000120 %4 %4 @pw 81000010", OWNER, key), 0);
	REQUIRE_EQ(flush(key), 0);
	counter_define();
	REQUIRE_EQ(tpm(0, "00000129 %4 @pw [ %s ]", OWNER, "password"), 0);
	test_case("by lockout");
	CHECK_EQ(tpm(0, "00000126 %4 @pw", LOCKOUT), 0);
	CHECK_EQ(tpm(0, "00000173 81000010"), TPM_RC_H1_HANDLE);
	CHECK_EQ(tpm(0, "00000169 01800001"), TPM_RC_H1_HANDLE);
	CHECK(!digest_same(owner, primary_name(OWNER))); /* and the owner's password is gone */
	CHECK(digest_same(platform, primary_name(PLATFORM)));
	test_case("disabled");
	CHECK_EQ(tpm(0, "00000127 %4 @pw 01", LOCKOUT), 0);
	CHECK_EQ(tpm(0, "00000126 %4 @pw", LOCKOUT), TPM_RC_DISABLED);
	CHECK_EQ(tpm(0, "00000126 %4 @pw", PLATFORM), TPM_RC_DISABLED);
	CHECK_NE(tpm(0, "00000127 %4 @pw 00", LOCKOUT), 0); /* only the platform may enable it */
	CHECK_EQ(tpm(0, "00000127 %4 @pw 00", PLATFORM), 0);
	CHECK_EQ(tpm(0, "00000126 %4 @pw", LOCKOUT), 0);
}

TEST(no_leak, "auth-own", "an authorization is its command's own", "tpm:auth:own")
{
	uint32_t session;

	vtpm_fresh();
	REQUIRE_EQ(tpm(0, "00000129 %4 @pw [ %s ]", OWNER, "password"), 0);
	/* The area with a password, written out: TPMS_AUTH_COMMAND, part 2, 10.13.2 */
	CHECK_EQ(tpm(0, "00000128 %4 @pw 0000000000000000", OWNER), TPM_RC_S1_BAD_AUTH);
	CHECK_EQ(tpm(0, "00000128 %4 0000000000000000", OWNER), TPM_RC_AUTH_MISSING);
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 00 0010 000b", 16));
	CHECK_NE(tpm(0, "00000128 %4 @%4 0000000000000000", OWNER, session), 0);
	CHECK_EQ(tpm(0, "00000128 %4 0000000000000000", OWNER), TPM_RC_AUTH_MISSING);
	CHECK_EQ(tpm(0, "00000126 %4 @pw", PLATFORM), 0);
	CHECK_EQ(tpm(0, "00000165 %4", session), 0);
}

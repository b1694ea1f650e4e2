/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Objects, sessions and NV until the TPM has no room for another one; then all of it is removed and
 * there is room again. TPM 2.0 Library, part 1, 37 (NV), part 2, TPM_RC (response codes); how many
 * there must be at least: TCG PC Client Platform TPM Profile 1.05.
 */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define MANY 256

static uint32_t handles[MANY];

TEST(objects, "exhaust-objects", "objects until OBJECT_MEMORY; flushed, there is room again",
     "tpm:exhaust:objects")
{
	unsigned n = 0, first;
	uint32_t code = 0;

	vtpm_fresh();
	for (unsigned round = 0; round < 3; round++) {
		test_case("round %u", round);
		for (n = 0; n < MANY; n++) {
			code = tpm(0,
				   "00000131 %4 @pw [ [] [] ] [ 0008 000b 00040472 [] 0005 000b [] "
				   "] [] 00000000",
				   OWNER);
			if (code)
				break;
			handles[n] = (uint32_t)tpm_get(tpm_response(), 10, 4);
		}
		CHECK_EQ(code, TPM_RC_OBJECT_MEMORY);
		CHECK_GE(n, 3); /* PC Client profile: at least three */
		if (round == 0)
			first = n;
		CHECK_EQ(n, first);
		still_works();
		while (n--)
			CHECK_EQ(flush(handles[n]), 0);
	}
	test_info("vtpm_objects", "%u", first);
}

/* Loaded sessions come first, then saved ones: a session has a handle while it is active. */
TEST(sessions, "exhaust-sessions",
     "sessions until SESSION_MEMORY, saved ones until SESSION_HANDLES", "tpm:exhaust:sessions")
{
	unsigned loaded = 0, active = 0;
	uint32_t code = 0;

	vtpm_fresh();
	for (; loaded < MANY; loaded++) {
		code = tpm(0, "00000176 40000007 40000007 [ %z ] [] 01 0010 000b", 16);
		if (code)
			break;
		handles[loaded] = (uint32_t)tpm_get(tpm_response(), 10, 4);
	}
	CHECK_EQ(code, TPM_RC_SESSION_MEMORY);
	CHECK_GE(loaded, 3);
	for (active = loaded; active < MANY; active++) {
		CHECK_EQ(tpm(0, "00000162 %4", handles[active - 1]), 0); /* ContextSave */
		code = tpm(0, "00000176 40000007 40000007 [ %z ] [] 01 0010 000b", 16);
		if (code)
			break;
		handles[active] = (uint32_t)tpm_get(tpm_response(), 10, 4);
	}
	CHECK_EQ(code, TPM_RC_SESSION_HANDLES);
	CHECK_GE(active, 64);
	test_info("vtpm_sessions", "%u loaded, %u active", loaded, active);
	still_works();
	for (unsigned i = 0; i < active; i++)
		CHECK_EQ(flush(handles[i]), 0);
	code = tpm(0, "00000176 40000007 40000007 [ %z ] [] 01 0010 000b", 16);
	CHECK_EQ(code, 0);
	CHECK_EQ(flush((uint32_t)tpm_get(tpm_response(), 10, 4)), 0);
}

TEST(nv, "exhaust-nv", "NV indexes until NV_SPACE; it survives a reset, and can be cleared",
     "tpm:exhaust:nv")
{
	static uint8_t data[1024];
	unsigned n = 0;
	uint32_t code = 0;

	vtpm_fresh();
	memset(data, 0xa5, sizeof(data));
	for (; n < MANY; n++) {
		code = tpm(0, "0000012a %4 @pw [] [ %4 000b 02040004 [] 0800 ]", OWNER,
			   0x01810000 + n);
		if (code)
			break;
		for (unsigned half = 0; half < 2; half++)
			CHECK_EQ(tpm(0, "00000137 %4 %4 @pw [ %m ] %2", 0x01810000 + n,
				     0x01810000 + n, data, 1024, half * 1024),
				 0);
	}
	CHECK_EQ(code, TPM_RC_NV_SPACE);
	CHECK_GE(n, 3); /* PC Client profile: 6,962 bytes at least */
	test_info("vtpm_nv_bytes", "%u", n * 2048);
	still_works();
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	CHECK_EQ(tpm(0, "0000014e %4 %4 @pw 0400 0400", 0x01810000 + n - 1, 0x01810000 + n - 1), 0);
	CHECK_EQ(memcmp(tpm_response()->data + 16, data, 1024), 0);
	for (unsigned i = 0; i < n; i += 2)
		CHECK_EQ(tpm(0, "00000122 %4 %4 @pw", OWNER, 0x01810000 + i), 0);
	CHECK_EQ(tpm(0, "0000012a %4 @pw [] [ 01820000 000b 02040004 [] 0800 ]", OWNER), 0);
	vtpm_fresh();
	CHECK_EQ(tpm(0, "00000169 01820000"), TPM_RC_H1_HANDLE);
	still_works();
}

TEST(persistent, "exhaust-persistent", "persistent keys until NV_SPACE, and away with them",
     "tpm:exhaust:persistent")
{
	uint32_t code = 0, key;
	unsigned n = 0;

	vtpm_fresh();
	key = make_hmac_key();
	for (; n < MANY; n++) {
		code = tpm(0, "00000120 %4 %4 @pw %4", OWNER, key, 0x81000100 + n);
		if (code)
			break;
	}
	CHECK(code == TPM_RC_NV_SPACE || n == MANY);
	CHECK_GE(n, 7); /* PC Client profile: TPM_PT_HR_PERSISTENT_MIN */
	test_info("vtpm_persistent", "%u", n);
	CHECK_EQ(tpm(0, "00000155 %4 @pw [ %s ] 000b", 0x81000100 + n - 1, "data"), 0);
	vtpm_fresh();
	CHECK_EQ(tpm(0, "00000173 81000100"), TPM_RC_H1_HANDLE);
	still_works();
}

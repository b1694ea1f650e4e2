/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Commands that take longer than a call may take: the answer is TPM_RC_RETRY until the very same
 * bytes, sent again, collect the response (docs/vtpm.md, "Long commands"; TPM_RC_RETRY: TPM 2.0
 * Library, part 2). The long command is TPM2_Create of an RSA-2048 key.
 */
#include "bare/vtpm/common.h"
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"

#define R     8
#define TRIES 20 /* a search for primes may end at once, and a busy host may make a call long */

static struct tpm_message slow, quick;
static uint64_t begun; /* TSC before the long command's attempt */

/* Makes a storage key and begins the long command under it, whose first answer is RETRY. */
static uint32_t begin(uint8_t locality)
{
	uint32_t parent, code = 0;

	vtpm_fresh();
	parent = make_storage_key();
	tpm_build(&slow, TEXT_CREATE_RSA, parent);
	tpm_build(&quick, "0000017b 0008");
	for (unsigned i = 0; i < TRIES && code == 0; i++) {
		begun = rdtsc();
		code = vtpm_once(locality, &slow, tpm_response());
	}
	REQUIRE_EQ(code, TPM_RC_RETRY);
	return parent;
}

/* The last response holds a private and a public part that the parent loads. */
static void check_key(uint32_t parent)
{
	const struct tpm_message *r = tpm_response();
	uint32_t private = 14, public = tpm_skip(r, private), end = tpm_skip(r, public);
	uint32_t key;

	REQUIRE(end < r->len);
	CHECK_EQ(tpm_get(r, public + 2, 2), 0x0001); /* TPM_ALG_RSA */
	key = new_handle(tpm(0, "00000157 %4 @pw %m", parent, r->data + private, end - private));
	CHECK_EQ(flush(key), 0);
}

TEST(collect, "retry-collect", "a long command gets RETRY; sent again it collects its answer",
     "keelson:vtpm:retry")
{
	struct patience p = smp_patience(300);
	unsigned again = 1;
	uint32_t parent, code;
	struct vtpm_stats before = vtpm_stats(), after;

	parent = begin(0);
	while ((code = vtpm_once(0, &slow, tpm_response())) == TPM_RC_RETRY &&
	       !smp_patience_over(&p)) {
		again++;
		vtpm_pause();
	}
	CHECK_EQ(code, 0);
	test_log("%u times RETRY", again);
	check_key(parent);
	after = vtpm_stats();
	CHECK_GE(after.retries - before.retries, again);
	still_works();
}

static uint32_t khz(void)
{
	uint32_t rate = ghcb_tsc_khz();

	REQUIRE(rate != 0);
	return rate;
}

/* Another command gets RETRY while the long one is at work or its answer is kept, which is 1.5 s
 * at least. False: that was over, so its answer proves nothing. */
static bool turned_away(uint8_t locality, const struct tpm_message *other)
{
	uint32_t code = vtpm_once(locality, other, tpm_response());

	if (rdtsc() - begun >= 1500ull * khz())
		return false;
	CHECK_EQ(code, TPM_RC_RETRY);
	return true;
}

static void check_core_serves(unsigned page)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, page), RMP_PG_4K, false)), SVSM_SUCCESS);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, page), RMP_PG_4K, true)), SVSM_SUCCESS);
}

/* Rounds, five at most, that saw all others turned away. */
static unsigned rounds_meanwhile(void)
{
	static struct tpm_message other;
	unsigned n = 0;

	other = slow;
	other.data[other.len - 1] ^= 1; /* the same but for one bit */
	while (n < 5 && turned_away(0, &quick) && turned_away(0, &other) && turned_away(1, &slow))
		check_core_serves(n++);
	return n;
}

TEST(meanwhile, "retry-meanwhile",
     "meanwhile other commands get RETRY at once, and other protocols are served",
     "keelson:vtpm:retry")
{
	uint32_t parent = 0;
	unsigned rounds = 0;

	for (unsigned i = 0; i < TRIES && !rounds; i++) {
		parent = begin(0);
		rounds = rounds_meanwhile();
	}
	CHECK_GE(rounds, 1);
	CHECK_EQ(vtpm_send(0, &slow, tpm_response()), 0);
	check_key(parent);
	CHECK(calls_region_intact(R));
}

/* TPMS_CREATION_DATA.locality of TPM2_Create: behind the PCR selection and digest, part 2, 15.1. */
TEST(locality_kept, "retry-locality",
     "a long command keeps its locality, and is collected from that locality only",
     "keelson:vtpm:retry tpm:locality:own")
{
	const struct tpm_message *r = tpm_response();
	struct patience p = smp_patience(300);
	uint32_t at, code;

	begin(2);
	while ((code = vtpm_once(0, &slow, tpm_response())) != TPM_RC_RETRY &&
	       !smp_patience_over(&p))
		;
	REQUIRE_EQ(code, TPM_RC_RETRY);
	CHECK_EQ(vtpm_send(2, &slow, tpm_response()), 0);
	at = tpm_skip(r, tpm_skip(r, 14)); /* private, public: creationData */
	CHECK_EQ(tpm_get(r, tpm_skip(r, at + 2 + 4), 1), BIT(2));
	still_works();
}

static void others(void *arg)
{
	uint32_t *odd = arg;

	for (unsigned i = 0; i < 50; i++) {
		struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};
		uint32_t code = vtpm_once(0, &quick, tpm_response());

		*odd += code != 0 && code != TPM_RC_RETRY;
		*odd += svsm_call(&c) != SVSM_SUCCESS;
		*odd += !vmpl_page_validate(MEM_PAGE(R, 9), false);
		*odd += !vmpl_page_validate(MEM_PAGE(R, 9), true);
		vtpm_pause();
	}
}

TEST(other_vcpu, "retry-other-vcpu",
     "another vCPU is served meanwhile: RETRY from the TPM, all else as ever", "keelson:vtpm:retry")
{
	uint32_t odd = 0, parent;

	smp_start();
	parent = begin(0);
	smp_run(others, &odd);
	CHECK_EQ(vtpm_send(0, &slow, tpm_response()), 0);
	check_key(parent);
	CHECK(smp_wait(60));
	CHECK_EQ(odd, 0);
	CHECK(calls_region_intact(R));
}

TEST(abandoned, "retry-abandoned",
     "a long command that nobody asks for again does not block the TPM", "keelson:vtpm:abandoned")
{
	uint32_t parent = begin(0);

	CHECK_EQ(vtpm_send(0, &quick, tpm_response()), 0);
	CHECK_EQ(tpm_response()->len, 20);
	still_works();
	CHECK_EQ(vtpm_send(0, &slow, tpm_response()), 0); /* begun anew: the answer was dropped */
	check_key(parent);
}

/*
 * Linux's tpm_transmit makes eight attempts with pauses of 20, 40, ... 1280 ms in between. The SVSM
 * knows the last one by the pause before it, and holds it until the answer is there, for 8 s at
 * most; on a very slow machine the key may take longer than that.
 */
static void pause_ms(uint64_t ms, uint32_t rate)
{
	uint64_t end = rdtsc() + ms * rate;

	while (rdtsc() < end)
		cpu_relax();
}

TEST(linux_way, "retry-linux",
     "eight attempts with Linux's pauses collect an RSA-2048 key, or the last was held for 8 s",
     "keelson:vtpm:held")
{
	uint32_t rate = khz();

	for (unsigned n = 0; n < 3; n++) {
		uint32_t parent, code = TPM_RC_RETRY;
		unsigned attempts = 1;
		uint64_t start = 0;

		test_case("key %u", n);
		parent = begin(0);
		for (uint64_t ms = 20; ms <= 1280 && code == TPM_RC_RETRY; ms *= 2, attempts++) {
			pause_ms(ms, rate);
			start = rdtsc();
			code = vtpm_once(0, &slow, tpm_response());
		}
		test_log("%u attempts, the last took %llu ms", attempts,
			 (unsigned long long)(rdtsc() - start) / rate);
		if (code == TPM_RC_RETRY) {
			CHECK_GE((rdtsc() - start) / rate, 7900);
			code = vtpm_send(0, &slow, tpm_response());
		}
		CHECK_EQ(code, 0);
		check_key(parent);
	}
}

/* Both vCPUs send the very same bytes: these are two commands, with an answer each. */
static uint32_t second_code, second_handle;
static struct tpm_message primary;

static void also(void *arg)
{
	(void)arg;
	second_code = vtpm_send(0, &primary, tpm_response());
	second_handle = (uint32_t)tpm_get(tpm_response(), 10, 4);
}

TEST(same_long, "retry-same-command",
     "two vCPUs with the same long command: each collects a key of its own",
     "keelson:vtpm:own-answer")
{
	uint32_t handle;

	vtpm_fresh();
	smp_start();
	tpm_build(&primary,
		  "00000131 %4 @pw [ [] [] ] [ 0001 000b 00030472 [] 0006 0080 0043 0010 0800 "
		  "00000000 [] ] [] 00000000",
		  OWNER);
	smp_run(also, NULL);
	handle = new_handle(vtpm_send(0, &primary, tpm_response()));
	CHECK(smp_wait(120));
	CHECK_EQ(second_code, 0);
	CHECK_NE(handle, second_handle);
	CHECK_EQ(flush(handle), 0);
	CHECK_EQ(flush(second_handle), 0);
}

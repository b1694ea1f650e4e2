/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The early self-test with the real library, which has it in its archive only. TPM 2.0 Library,
 * part 3: TPM2_IncrementalSelfTest with an empty list answers which algorithms are not tested yet.
 *
 * sources: tests/native/tpm_client.c svsm/services/vtpm/tpm.c svsm/services/vtpm/self_test.c
 * libs: -l:libtpms.a -lcrypto
 */
#include <string.h>
#include "tests/native/check.h"
#include "services/vtpm/self_test.h"
#include "services/vtpm/tpm.h"
#include "tests/native/tpm_client.h"

#define UNTESTED   "8001 00000000 00000142 00000000"
#define PCR_0_TO_7 "8001 00000000 0000017e 00000001 000b 03 ff0000"

static uint8_t state[TPM_STATE_MAX];
static size_t state_len;

static size_t load(void *to, size_t room)
{
	memcpy(to, state, MIN(state_len, room));
	return state_len;
}

static bool store(const void *from, size_t len)
{
	if (!CHECK(len <= sizeof(state)))
		return false;
	memcpy(state, from, len);
	state_len = len;
	return true;
}

static struct tpm_bytes send(const char *hex)
{
	struct tpm_bytes command = tpm_bytes(hex), r;

	r.len = tpm_command(0, command.data, command.len, r.data, sizeof(r.data));
	CHECK(tpm_well_formed(&r));
	return r;
}

/* How many algorithms are not tested yet. */
static unsigned untested(void)
{
	struct tpm_bytes r = send(UNTESTED);

	return CHECK_EQ(tpm_code(&r), 0) && CHECK(r.len >= 14) ? r.data[13] : ~0u;
}

TEST(before_startup_it_tests_all_and_starts_nothing)
{
	static const struct tpm_nvram nvram = {load, store};
	struct tpm_bytes r;

	CHECK(tpm_power_on(&nvram));
	CHECK(self_test());
	r = send(TPM_GET_RANDOM_16);
	CHECK_EQ(tpm_code(&r), TPM_RC_INITIALIZE);
	r = send(TPM_STARTUP_CLEAR);
	CHECK_EQ(tpm_code(&r), 0);
	CHECK_EQ(untested(), 0);
	r = send(PCR_0_TO_7);
	CHECK_EQ(tpm_code(&r), 0);
	for (unsigned i = 0; CHECK(r.len > 8 * 34) && i < 8 * 34; i++)
		CHECK_EQ(r.data[r.len - 1 - i], i % 34 == 32 ? 32 : 0); /* sizes of 32, zeroes */
	CHECK(tpm_power_cycle());
	r = send(TPM_STARTUP_CLEAR);
	CHECK_EQ(tpm_code(&r), 0);
	CHECK(untested() > 0);
	tpm_power_off();
}

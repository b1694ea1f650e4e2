/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* TPM commands that several files of the suite need: TPM 2.0 Library, part 3, by their codes. */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"
#include "lib/string.h"

struct digest pcr_read(unsigned n)
{
	struct digest d = {{0}};
	uint8_t select[3] = {0};
	uint32_t at = 10 + 4 + 4 + 2 + 1 + 3 + 4; /* update counter, selection, count */

	select[n / 8] = (uint8_t)BIT(n % 8);
	REQUIRE_EQ(tpm(0, "0000017e 00000001 000b 03 %m", select, 3), 0);
	REQUIRE_EQ(tpm_get(tpm_response(), at, 2), SHA256_SIZE);
	memcpy(d.b, tpm_response()->data + at + 2, SHA256_SIZE);
	return d;
}

/* Any digest will do, as long as it is the same each time. */
uint32_t pcr_extend(uint8_t locality, unsigned n)
{
	return tpm(locality,
		   "00000182 %4 @pw 00000001 000b "
		   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		   n);
}

bool digest_is(struct digest d, uint8_t byte)
{
	for (unsigned i = 0; i < SHA256_SIZE; i++) {
		if (d.b[i] != byte)
			return false;
	}
	return true;
}

bool digest_same(struct digest a, struct digest b)
{
	return memcmp(a.b, b.b, SHA256_SIZE) == 0;
}

/* The handle of an object that a command has made; the test ends when it has made none. */
uint32_t new_handle(uint32_t code)
{
	REQUIRE_EQ(code, 0);
	return (uint32_t)tpm_get(tpm_response(), 10, 4);
}

uint32_t flush(uint32_t handle)
{
	return tpm(0, "00000165 %4", handle);
}

uint32_t make_hmac_key(void)
{
	return new_handle(tpm(0,
			      "00000131 %4 @pw [ [] [] ] [ 0008 000b 00040472 [] 0005 000b [] ] [] "
			      "00000000",
			      OWNER));
}

uint32_t make_storage_key(void)
{
	return new_handle(tpm(0,
			      "00000131 %4 @pw [ [] [] ] "
			      "[ 0023 000b 00030472 [] 0006 0080 0043 0010 0003 0010 [] [] ] [] "
			      "00000000",
			      OWNER));
}

/* An NV counter can be read only after it was incremented once (part 3, TPM2_NV_Read). */
void counter_define(void)
{
	REQUIRE_EQ(tpm(0, "0000012a %4 @pw [] [ 01800001 000b 02040014 [] 0008 ]", OWNER), 0);
	REQUIRE_EQ(counter_increment(), 0);
}

uint32_t counter_increment(void)
{
	return tpm(0, "00000134 01800001 01800001 @pw");
}

uint64_t counter_read(void)
{
	REQUIRE_EQ(tpm(0, "0000014e 01800001 01800001 @pw 0008 0000"), 0);
	return tpm_get(tpm_response(), 16, 8);
}

struct vtpm_stats vtpm_stats(void)
{
	struct svsm_call c = {0};

	REQUIRE_EQ(vtpm_test(SVSM_CALL(SVSM_PROTO_TEST, SVSM_TEST_STATS), &c), SVSM_SUCCESS);
	return (struct vtpm_stats){c.rcx, c.rdx, c.r8, c.r9};
}

/* The TPM answers, and its state can be read: after each test that might have harmed it. */
void still_works(void)
{
	CHECK_EQ(tpm(0, "0000017b 0008"), 0);
	CHECK_EQ(tpm_response()->len, 20);
	pcr_read(0);
}

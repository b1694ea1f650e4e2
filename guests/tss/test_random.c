/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* GetRandom and StirRandom: part 3, section 16. */
#include <string.h>

#include "tss/tss.h"

TSS_TEST(random_sizes, "random-sizes", "as many bytes as asked for, at most the largest digest")
{
	static const uint16_t sizes[] = {0, 1, 2, 8, 20, 31, 32, 33, 48, 63, 64};
	TPM2B_DIGEST *random;

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		OK(Esys_GetRandom(tss, NO_SESSION, sizes[i], &random));
		CHECK_EQ(random->size, sizes[i]);
	}
}

TSS_TEST(random_much, "random-more-than-max",
	 "more than the largest digest gives the largest digest")
{
	/* ESYS refuses nothing here, but its answer type ends at 64 bytes: ask without it. */
	uint8_t command[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0x01, 0x00};
	uint8_t response[512];
	size_t len = sizeof(response);

	CHECK_EQ(tss_raw(command, sizeof(command), response, &len), TPM2_RC_SUCCESS);
	CHECK_EQ(len, 12 + 64);
	CHECK_EQ(response[10] << 8 | response[11], 64);
}

TSS_TEST(random_differ, "random-differs", "100 draws of 16 bytes all differ")
{
	TPM2B_DIGEST *draws[100];

	for (unsigned i = 0; i < ARRAY_LEN(draws); i++) {
		OK(Esys_GetRandom(tss, NO_SESSION, 16, &draws[i]));
		REQUIRE(draws[i]->size == 16);
		for (unsigned j = 0; j < i; j++)
			CHECK(memcmp(draws[i]->buffer, draws[j]->buffer, 16) != 0);
	}
}

TSS_TEST(random_bits, "random-bits",
	 "of 51,200 bits about half are set: a stuck generator is found")
{
	unsigned ones = 0;

	for (unsigned i = 0; i < 100; i++) {
		TPM2B_DIGEST *random;

		OK(Esys_GetRandom(tss, NO_SESSION, 64, &random));
		REQUIRE(random->size == 64);
		for (unsigned j = 0; j < 64; j++)
			ones += __builtin_popcount(random->buffer[j]);
	}
	/* Mean 25,600, deviation 113: ten deviations each way. */
	CHECK(ones > 24470 && ones < 26730);
}

TSS_TEST(random_stir, "random-stir", "StirRandom takes up to 128 bytes; more is refused")
{
	static const uint16_t sizes[] = {0, 1, 32, 127, 128};
	TPM2B_SENSITIVE_DATA data = {0};
	TPM2B_DIGEST *random;

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		data.size = sizes[i];
		OK(Esys_StirRandom(tss, NO_SESSION, &data));
		OK(Esys_GetRandom(tss, NO_SESSION, 32, &random));
	}
	data.size = 129;
	FAILS(Esys_StirRandom(tss, NO_SESSION, &data), RC_P(TPM2_RC_SIZE, 1));
}

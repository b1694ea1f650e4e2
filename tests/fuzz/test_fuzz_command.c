/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The TPM fuzzer's inputs, those written by hand and those it found, once more: tests/fuzz.
 *
 * sources: tests/fuzz/command.c tests/fuzz/fuzz.c tests/fuzz/history.c tests/fuzz/replay.c
 * sources: guests/bare/vtpmfuzz/tpm_record.c svsm/services/vtpm/tpm.c
 * libs: -ltpms -lcrypto
 */
#include "tests/native/check.h"
#include "tests/fuzz/fuzz.h"
#include "bare/vtpmfuzz/tpm_record.h"
#include "tests/fuzz/replay.h"
#include "seeds.h"

TEST(written_inputs)
{
	for (unsigned i = 1; i < SEEDS_WRITTEN; i++)
		CHECK_EQ(LLVMFuzzerTestOneInput(seeds[i].data, seeds[i].size), 0);
}

TEST(found_inputs)
{
	CHECK(replay("tests/fuzz/command.hex") > 100);
}

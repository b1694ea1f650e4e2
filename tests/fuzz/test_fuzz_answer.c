/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The inputs that the fuzzer of a key server's answers found, once more: tests/fuzz.
 *
 * sources: tests/fuzz/answer.c tests/fuzz/fuzz.c tests/fuzz/replay.c
 * sources: svsm/services/lib/release/release_words.c svsm/services/lib/release/release_crypto.c
 * sources: svsm/lib/base64.c
 * libs: -ljansson -lcrypto
 */
#include "tests/native/check.h"
#include "tests/fuzz/replay.h"

TEST(found_inputs)
{
	CHECK(replay("tests/fuzz/answer.hex") > 25);
}

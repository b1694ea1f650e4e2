/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The inputs that the verifier's fuzzer found, once more: tests/fuzz.
 *
 * sources: tests/fuzz/verify.c tests/fuzz/fuzz.c tests/fuzz/replay.c
 * sources: harness/verify/verify.c harness/verify/verdict.c harness/verify/report_form.c
 * sources: harness/verify/chain_checked.c harness/verify/leaf_read.c harness/verify/leaf_fits.c
 * sources: harness/verify/policy_allowed.c harness/verify/tcb_wanted.c harness/verify/fields_wanted.c
 * sources: harness/verify/kept_wanted.c
 * sources: harness/verify/manifest_checked.c harness/verify/manifest.c harness/verify/tpm_public.c
 * sources: harness/verify/certificates.c harness/verify/amd_root.c harness/verify/values.c
 * sources: harness/verbs/quote.c harness/verbs/signature.c launch/profiles/words.c
 * libs: -lcrypto -ljansson
 */
#include "tests/native/check.h"
#include "tests/fuzz/replay.h"

TEST(found_inputs)
{
	CHECK(replay("tests/fuzz/verify.hex") > 10);
}

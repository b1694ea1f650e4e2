/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The services manifest's word on the TPM's kept state, against the newest that somebody has seen
 * (docs/verify.md, "kept state").
 *
 * sources: harness/verify/kept_wanted.c harness/verify/verdict.c harness/verify/values.c
 * sources: launch/profiles/words.c
 * libs: -ljansson
 */
#include "tests/native/check.h"
#include "harness/verify/manifest.h"
#include "harness/verify/report_checks.h"
#include "harness/verify/values.h"

static struct manifest kept(uint64_t epoch, uint64_t counter, uint32_t keys)
{
	return (struct manifest){.has_kept = true,
				 .kept = {.epoch = epoch, .counter = counter, .keys = keys}};
}

static bool holds(const struct manifest *m, const char *least)
{
	struct wanted w = {0};
	struct verdict v = {0};
	bool ok;

	CHECK(!least || value_kept(least, &w.kept_least));
	ok = kept_wanted(&w, m, &v);
	CHECK_EQ(ok, !verdict_refusal(&v));
	verdict_free(&v);
	return ok;
}

TEST(an_older_state_is_refused)
{
	struct manifest m = kept(5, 17, ATTEST_KEPT_SIGNED);

	CHECK(holds(&m, NULL));
	CHECK(holds(&m, "5"));
	CHECK(holds(&m, "5.17"));
	CHECK(holds(&m, "4.99"));
	CHECK(!holds(&m, "5.18"));
	CHECK(!holds(&m, "6"));
	CHECK(!holds(&m, "6.0"));
	CHECK(!holds(&m, "18446744073709551615.18446744073709551615"));
}

TEST(a_state_of_a_key_that_others_have_has_no_age)
{
	struct manifest m = kept(5, 17, ATTEST_KEPT_UNSIGNED);

	CHECK(holds(&m, NULL));
	CHECK(!holds(&m, "1"));
	m.kept.keys = ATTEST_KEPT_TEST_KEY;
	CHECK(holds(&m, NULL));
	CHECK(!holds(&m, "0"));
}

TEST(a_manifest_without_a_state)
{
	struct manifest m = {0};

	CHECK(holds(&m, NULL));
	CHECK(!holds(&m, "0"));
}

TEST(words_that_are_no_age)
{
	static const char *const words[] = {"",    ".",    "5.", ".5",
					    "5,1", "-1",   "+1", " 1",
					    "5.x", "5.1.", "a",  "18446744073709551616",
					    "1.-1"};
	struct kept_least least;

	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		CHECK(!value_kept(words[i], &least));
}

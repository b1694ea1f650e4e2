/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The TPM's state outlives its machine (docs/persistence.md): is it the newest? The SVSM's word is
 * where it stands; only who has seen it stand further on can tell that it was put back.
 */
#include "harness/verify/manifest.h"
#include "harness/verify/report_checks.h"

#define CHECK_NAME "kept state"

static const char *whose(const struct attest_kept *kept)
{
	return kept->keys == ATTEST_KEPT_TEST_KEY ? "the TEST KEY, which everybody has"
						  : "a key that anybody may have given";
}

static bool is_below(const struct attest_kept *kept, const struct kept_least *least)
{
	return kept->epoch < least->epoch ||
	       (kept->epoch == least->epoch && kept->counter < least->counter);
}

/* A key that others have seals what they like, its epoch and counter included. */
static bool at_least(const struct kept_least *least, const struct attest_kept *kept,
		     struct verdict *v)
{
	if (kept->keys != ATTEST_KEPT_SIGNED)
		return verdict_refuse(v, CHECK_NAME,
				      "it is of %s, who can put it back at will: launch with "
				      "--keys-signer",
				      whose(kept));
	if (is_below(kept, least))
		return verdict_refuse(
			v, CHECK_NAME,
			"epoch %llu, counter %llu is older than %llu, %llu: an old "
			"state was given back, or this is a clone's",
			(unsigned long long)kept->epoch, (unsigned long long)kept->counter,
			(unsigned long long)least->epoch, (unsigned long long)least->counter);
	return true;
}

/* A state whose key is known to others makes quotes for them, so that is not among what holds. */
static bool tell(const struct attest_kept *kept, struct verdict *v)
{
	unsigned long long epoch = kept->epoch, counter = kept->counter;

	if (kept->keys == ATTEST_KEPT_SIGNED)
		return verdict_ok(v, CHECK_NAME, "epoch %llu, counter %llu, of a signed key", epoch,
				  counter);
	return verdict_open(v, CHECK_NAME,
			    "epoch %llu, counter %llu, of %s: who has that can make quotes by "
			    "this TPM",
			    epoch, counter, whose(kept));
}

bool kept_wanted(const struct wanted *w, const struct manifest *m, struct verdict *v)
{
	if (!m->has_kept)
		return !w->kept_least.given ||
		       verdict_refuse(v, CHECK_NAME,
				      "the manifest has none: ask the SVSM for that of all "
				      "services, and launch with --state");
	if (w->kept_least.given && !at_least(&w->kept_least, &m->kept, v))
		return false;
	return tell(&m->kept, v);
}

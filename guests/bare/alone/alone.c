/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A guest that computes and never exits, on the one CPU that there is, while the TPM has a long
 * command (docs/scheduling.md, "Sharing a CPU"). It reads the TSC again and again: a gap between
 * two looks is a turn of the TPM's. The suite runs under --icount, where nothing else makes one,
 * and a nanosecond is a tick of the clock that its figures are in.
 */
#include "bare/vtpm/common.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

/* docs/scheduling.md: the guest's share, and a task's. */
#define GUEST_US   10000
#define SERVICE_US 5000

#define GAP_US     1000  /* an exit takes less, a turn of the TPM more */
#define QUIET_US   60000 /* without a gap: the TPM has nothing more to do */
#define GAPS_MAX   4000  /* bounds a test that goes wrong: a minute */

static struct tpm_message slow;

struct watch {
	unsigned gaps;
	uint64_t first;       /* us until the first one */
	uint64_t least, most; /* us between two */
	uint64_t longest;     /* us of one */
};

static uint64_t tsc_us;

static uint64_t us_since(uint64_t tsc)
{
	return (rdtsc() - tsc) / tsc_us;
}

static void note(struct watch *w, uint64_t ran, uint64_t gap)
{
	if (!w->gaps++) {
		w->first = ran;
		w->least = UINT64_MAX;
	} else {
		w->least = MIN(w->least, ran);
		w->most = MAX(w->most, ran);
	}
	w->longest = MAX(w->longest, gap);
}

/* Computes until no gap has come for a while, or for as long as GAPS_MAX of them take. */
static struct watch compute(void)
{
	struct watch w = {0};
	uint64_t since = rdtsc(), last = since;

	while (w.gaps < GAPS_MAX && us_since(since) < QUIET_US) {
		uint64_t now = rdtsc();

		if ((now - last) / tsc_us > GAP_US) {
			note(&w, (last - since) / tsc_us, (now - last) / tsc_us);
			since = now;
		}
		last = now;
	}
	return w;
}

static uint32_t begin(void)
{
	uint32_t parent, code = 0;

	tsc_us = ghcb_tsc_khz() / 1000;
	REQUIRE(tsc_us);
	vtpm_fresh();
	parent = make_storage_key();
	tpm_build(&slow, TEXT_CREATE_RSA, parent);
	for (unsigned i = 0; i < 5 && !code; i++) /* a search for primes may end at once */
		code = vtpm_once(0, &slow, tpm_response());
	REQUIRE_EQ(code, TPM_RC_RETRY);
	return parent;
}

TEST(computes, "computes",
     "the TPM ends a long command while the guest computes and never exits, and both get on",
     "keelson:share:turns")
{
	uint32_t parent = begin();
	struct watch w = compute();
	uint64_t start = rdtsc();

	CHECK_GE(w.gaps, 2);
	CHECK_EQ(vtpm_send(0, &slow, tpm_response()), 0);
	CHECK_LE(us_since(start), GUEST_US); /* it was there: nobody had to be lent anything */
	test_log("%u turns; the first after %u us, then after %u to %u us; %u us at most", w.gaps,
		 (unsigned)w.first, (unsigned)w.least, (unsigned)w.most, (unsigned)w.longest);
	CHECK_LE(w.first, GUEST_US + GAP_US);
	CHECK_LE(w.most, GUEST_US + GAP_US);
	CHECK_GE(w.least, GUEST_US - GAP_US);
	CHECK_LE(w.longest, SERVICE_US + GAP_US);
	CHECK_EQ(flush(parent), 0);
}

TEST(quiet, "quiet", "with nothing for the TPM to do, nothing interrupts the guest",
     "keelson:share:turns")
{
	struct watch w;

	tsc_us = ghcb_tsc_khz() / 1000;
	still_works();
	w = compute();
	CHECK_EQ(w.gaps, 0);
}

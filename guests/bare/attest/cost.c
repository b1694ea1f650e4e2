/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a report costs, for `make bench`. No time is judged here: only that there are reports. The
 * answer may come in several calls (INCOMPLETE); the longest of them is what the caller is held.
 */
#include "bare/attest/ask.h"
#include "bare/lib/ghcb.h"
#include "lib/string.h"

#define REPORTS 20

struct ticks {
	uint64_t whole, longest;
};

static struct ticks measure(struct ask *a)
{
	uint64_t start = rdtsc(), before = start, longest = 0, now;

	do {
		a->c = (struct svsm_call){a->call, a->at, RDX_BEFORE, R8_BEFORE, R9_BEFORE, 0};
		svsm_call(&a->c);
		now = rdtsc();
		longest = MAX(longest, now - before);
		before = now;
	} while (a->c.rax == SVSM_ERR_INCOMPLETE || a->c.rax == SVSM_ERR_BUSY);
	CHECK_EQ(a->c.rax, SVSM_SUCCESS);
	return (struct ticks){now - start, longest};
}

static void sort(uint64_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		for (unsigned at = i; at > 0 && v[at - 1] > v[at]; at--) {
			uint64_t x = v[at];

			v[at] = v[at - 1];
			v[at - 1] = x;
		}
	}
}

static void tell(const char *key, uint64_t a, uint64_t b)
{
	test_info(key, "%llu %llu", (unsigned long long)a, (unsigned long long)b);
}

/* The first report waits for the keys of the TPM. */
TEST(cost, "cost", "time of a report whose keys are known, and the longest call for one",
     "keelson:cost")
{
	uint64_t whole[REPORTS], longest = 0;
	struct ask a = ask_vtpm(1);
	struct ticks t;

	test_info("tsc_khz", "%u", ghcb_tsc_khz());
	ask_send(&a); /* buffers and operation are there, and the keys known */
	for (unsigned i = 0; i < REPORTS; i++) {
		*(uint8_t *)a.op.op.nonce.gpa = (uint8_t)i;
		t = measure(&a);
		whole[i] = t.whole;
		longest = MAX(longest, t.longest);
	}
	sort(whole, REPORTS);
	tell("attest_tsc", whole[REPORTS / 2], whole[REPORTS - 1]);
	test_info("attest_held_tsc", "%llu", (unsigned long long)longest);
}

TEST(first, "cost-first", "time of the first report of a machine, for which keys are made",
     "keelson:cost")
{
	struct ask a = ask_vtpm(1);
	struct ticks t;

	memcpy((void *)a.at, &a.op, sizeof(a.op));
	t = measure(&a);
	test_info("tsc_khz", "%u", ghcb_tsc_khz());
	tell("attest_first_tsc", t.whole, t.longest);
}

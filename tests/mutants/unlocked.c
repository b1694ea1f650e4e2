/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A race: the region's lock is given back at once, so two calls work on the same pages. It is no
 * rule's deviation, and a conformance image seldom sees it: tests/integration/test_repro.py. */
#include "mm/pagestate.h"
#include "lib/spinlock.h"

struct pages_locked __real_pagestate_lock(gpa_t a);
struct pages_locked __wrap_pagestate_lock(gpa_t a);
struct pages_locked __wrap_pagestate_lock(gpa_t a)
{
	struct pages_locked held = __real_pagestate_lock(a);

	spin_unlock(held.first);
	return held;
}

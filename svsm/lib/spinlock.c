/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The way of a CPU that has found a lock taken: the rules stand in the header. */
#include "lib/spinlock.h"
#include "base/x86.h"

/* False after SPIN_PATIENCE. */
static bool wait_free(struct spinlock *l, uint64_t start)
{
	uint64_t waited = 0;

	while (waited < SPIN_PATIENCE) {
		if (spin_try(l))
			return true;
		spin_rest(waited);
		waited = rdtsc() - start;
	}
	return false;
}

/* The turn goes on when the lock is taken, so that nobody comes in between. */
static void wait_turn(struct spinlock *l, uint64_t start)
{
	uint32_t me = __atomic_fetch_add(&l->last, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&l->turn, __ATOMIC_RELAXED) != me)
		spin_rest(rdtsc() - start);
	while (__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE))
		spin_rest(rdtsc() - start);
	__atomic_store_n(&l->turn, me + 1, __ATOMIC_RELAXED);
}

void spin_wait(struct spinlock *l)
{
	uint64_t start = rdtsc();

	if (!wait_free(l, start))
		wait_turn(l, start);
}

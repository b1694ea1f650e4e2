/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A spinlock for CPUs that may stand still at any time, because a host runs more of them than it
 * has cores. Interrupts must be off while it is held.
 *
 * A lock in order of arrival goes to one certain CPU; when the host does not run just that one, all
 * others wait for it, and with many of them the lock is free for most of the time. So this one goes
 * to whichever CPU finds it free. Who has waited for SPIN_PATIENCE queues: while there is a queue
 * only its head may take the lock. So nobody starves: a CPU gets it after SPIN_PATIENCE and at most
 * two turns of each other CPU, that of one which queued before and that of one which looked just
 * before there was a queue.
 *
 * Who waits leaves the host's core to others as its image can: spin_rest().
 */
#include "base/types.h"

#define SPIN_PATIENCE (1ull << 27) /* TSC ticks: 27 ms at 5 GHz, 134 ms at 1 GHz */

struct spinlock {
	uint32_t taken;
	uint32_t last, turn; /* the queue: the next ticket, and that of the head; equal: empty */
};

/* True: it was free, nobody queues, and now it is the caller's. */
static inline bool spin_try(struct spinlock *l)
{
	return __atomic_load_n(&l->turn, __ATOMIC_RELAXED) ==
		       __atomic_load_n(&l->last, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&l->taken, __ATOMIC_RELAXED) &&
	       !__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE);
}

/* Returns when the lock is the caller's. */
void spin_wait(struct spinlock *l);

static inline void spin_lock(struct spinlock *l)
{
	if (!spin_try(l))
		spin_wait(l);
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}

/* Of the image, not of spinlock.c: let the holder run for a moment. waited: TSC ticks since the
 * caller began to wait for this lock. */
void spin_rest(uint64_t waited);

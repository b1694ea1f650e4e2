/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's locks and their order, here and nowhere else. A CPU that holds a lock may take only
 * locks of a higher rank. Each take checks that and panics when the order is broken, so a run of
 * the suites or of the unit tests proves the order on every path that it takes.
 *
 * All are spinlocks, taken with interrupts off (the kernel always runs with IF=0). The log takes
 * no lock. No lock is held across RUN_VMPL or while ring 3 runs. An exception handler takes none.
 */
#include "base/assert.h"
#include "lib/spinlock.h"

enum lock_rank {
	LOCK_ATTEST,         /* protocols/attest: the report under way, VMPCK0 and its count */
	LOCK_VTPM,           /* protocols/vtpm.c: the TPM command */
	LOCK_SERVICE,        /* struct service: its request and process */
	LOCK_SCHED,          /* struct sched_queue: tasks that are ready, of one CPU */
	LOCK_PAGESTATE,      /* mm/pagestate.c: page states, by hashed region; of two of them ... */
	LOCK_PAGESTATE_NEXT, /* ... the higher one */
	LOCK_VMSAS,          /* task/vmsa_registry.c: no page becomes a VMSA or ceases to be one */
	LOCK_REGISTRY,       /* task/vmsa_registry.c: which VMSA is whose */
	LOCK_VCPU,           /* struct vcpu_guest: VMSA and CAA of one vCPU */
	LOCK_PAGING,         /* mm/paging.c: the SVSM's own page tables */
	LOCK_ALLOC,          /* mm/alloc.c: free lists */
};

/* The ranks that this CPU holds, bit n for rank n. In cpu/percpu.c; in a unit test each thread has
 * its own. */
uint32_t *lock_held(void);

static inline void lock_take(enum lock_rank rank, struct spinlock *l)
{
	uint32_t *held = lock_held();

	ASSERT(!(*held >> rank));
	spin_lock(l);
	*held |= 1u << rank;
}

static inline void lock_give(enum lock_rank rank, struct spinlock *l)
{
	uint32_t *held = lock_held();

	ASSERT(*held >> rank & 1);
	*held &= ~(1u << rank);
	spin_unlock(l);
}

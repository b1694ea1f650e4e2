/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The lock order, here and nowhere else. A CPU that holds one may take only those further down.
 * All are spinlocks with interrupts off (the SVSM runs with IF=0 throughout).
 *
 *  0  LOCK_VTPM       protocols/vtpm.c        the TPM command; never held while ring 3 runs
 *  0a LOCK_SERVICE    struct service          its request and process
 *  0b LOCK_SCHED      struct sched_queue      tasks that are ready, of one CPU; never two of them
 *  1  LOCK_PAGESTATE  mm/pagestate.c      state of guest pages, striped: ascending stripe
 *  2  LOCK_REGISTRY   task/vmsa_registry.c  which VMSA is whose
 *  3  LOCK_VCPU       struct vcpu_guest       VMSA and CAA of one vCPU; never two of them
 *  4  LOCK_PAGING     mm/paging.c            the SVSM's own page tables
 *  5  LOCK_ALLOC      mm/alloc.c          free lists
 *
 * The log takes no lock at all. No lock is held across RUN_VMPL. An exception handler takes none.
 */
#include "base/spinlock.h"

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The lock of all of protocols/attest: one report at a time, one key, one count. It is given back
 * while ring 3 works and while the host has the CPU, so whoever takes it again looks at everything
 * anew.
 */
#include "lib/lock.h"

extern struct spinlock attest_spinlock; /* protocols/attest/attest.c; lib/lock.h: LOCK_ATTEST */

static inline void attest_lock(void)
{
	lock_take(LOCK_ATTEST, &attest_spinlock);
}

static inline void attest_unlock(void)
{
	lock_give(LOCK_ATTEST, &attest_spinlock);
}

/*
 * Gives the lock back for ns at most: another vCPU or the host has to do something. This CPU does
 * other work meanwhile, if there is any. The vTPM has had a request before.
 */
void attest_wait(uint64_t ns);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Time that passes while the harness stands still is nobody's fault: its target may have talked all
 * along, or may have been stopped with it. So a gap between two looks counts as one step at most.
 */
#include "harness/core/runclock.h"
#include "harness/core/util.h"

void runclock_start(struct runclock *c)
{
	*c = (struct runclock){now_ms(), 1};
}

uint64_t runclock_at(struct runclock *c, uint64_t now)
{
	if (now > c->last) {
		c->counted += MIN(now - c->last, (uint64_t)RUNCLOCK_STEP_MS);
		c->last = now;
	}
	return c->counted;
}

uint64_t runclock_now(struct runclock *c)
{
	return runclock_at(c, now_ms());
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Writes of the TSC deadline by VMPL0 that are refused, the first on each vCPU: one, or as many as
 * no attempt in a row outlasts. Behind them the host is honest.
 */
#include "machine/hostile/hostile.h"
#include "machine/host/smp.h"
#include "machine/hv/ghcb/ghcb_page.h"
#include "base/x86.h"

#define LONG 12

static unsigned refused[HOST_MAX_CPUS];

static unsigned refuse(const struct ghcb_call *c, unsigned most)
{
	unsigned *n = &refused[c->v->index];

	if (c->v->vmpl || c->code != GHCB_EXIT_MSR || c->info1 != 1 ||
	    (uint32_t)c->rcx != MSR_TSC_DEADLINE || *n == most)
		return 0;
	(*n)++;
	return GHCB_ERR_INVALID_INPUT;
}

static unsigned once(const struct ghcb_call *c)
{
	return refuse(c, 1);
}

static unsigned for_long(const struct ghcb_call *c)
{
	return refuse(c, LONG);
}

HOSTILE_HOST(refuse_once, "refuse-once") = {.on = &refuse_once_on, .refuse = once};
HOSTILE_HOST(refuse_timer, "refuse-timer") = {.on = &refuse_timer_on, .refuse = for_long};

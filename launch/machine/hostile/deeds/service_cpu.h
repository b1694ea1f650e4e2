/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The last vCPU: the service CPU where there is one. A deed of one vCPU picks this one. */
#include "machine/cpu/vcpu.h"
#include "machine/cpu/vmcb.h"

static inline bool is_service_cpu(const struct vcpu *v)
{
	return v->index == machine_vcpu_count - 1 && v->vmpl == VMPL_SVSM;
}

/* It has begun to run a service: CR3 is not what the CPU has started with. Asked before each run.
 * To be asked with a `first` of the caller's own, 0 at the beginning. */
static inline bool is_at_work(struct vcpu *v, uint64_t *first)
{
	uint64_t cr3 = vcpu_ctx(v)->vmcb->cr3;

	if (!*first)
		*first = cr3;
	return cr3 != *first;
}

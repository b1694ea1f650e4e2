/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Requests to the hypervisor in the payload's name, so that the APIC, clock and ports that answer
 * are those of its VMPL. */
#include "abi/ghcb.h"
#include "bare/lib/ghcb.h"
#include "bare/shim/shim.h"

void relay_init(unsigned cpu); /* rights and tables; before the vCPU's payload first runs */
void relay_register(
	struct shim_cpu *c); /* its GHCB; on the vCPU itself, before the first request */
/* An empty request; fields are set with GHCB_SET(). */
struct ghcb *relay_begin(void);
/* SW_EXITINFO1[31:0] of the answer. The payload's state is as it was before. */
uint32_t relay(struct shim_cpu *c, struct ghcb *g, uint64_t code, uint64_t info1, uint64_t info2);
uint64_t relay_scratch(void); /* the address of the GHCB's buffer */

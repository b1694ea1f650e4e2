/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The #HV doorbell page of each CPU: GHCB (56421), #HV Doorbell Page. It is shared memory, so the
 * hypervisor and every vCPU of the guest read and write it at any time (cpu/trap/hv.h says what
 * that means). Each function is for the CPU that it runs on.
 */
#include "platform/platform.h"

/* Register a page where this CPU runs with restricted injection and the hypervisor offers one. What
 * fails is a line in the log: the CPU then has no interrupts. Needs the GHCB. */
void doorbell_init(void);
bool doorbell_there(void);
struct hv_doorbell *doorbell_page(void); /* NULL: none. abi/doorbell.h */

bool doorbell_take(struct platform_events *e);
bool doorbell_eoi_spared(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APIC of VMPL0, which the hypervisor emulates: x2APIC registers by MSR (APM vol. 2,
 * 16.11 and 16.4). Used for the timer that ends a turn and for the NMI that wakes a CPU. The
 * hypervisor's answers affect how long things take and nothing else.
 */
#include "base/types.h"

/* Switch this CPU's APIC to x2APIC mode. Vectors below TIMER_VECTOR's class are held back, because
 * a guest may aim a device at any CPU. False after a line in the log: no x2APIC can be had. */
bool x2apic_init_cpu(void);

/* One interrupt with TIMER_VECTOR when the TSC (tsc_khz ticks per ms) reaches that value. Replaces
 * an earlier setting. False: the hypervisor refused. */
bool x2apic_timer_set(uint64_t tsc, uint64_t tsc_khz);
void x2apic_eoi(void);
bool x2apic_send_nmi(uint32_t apic_id); /* false: refused */

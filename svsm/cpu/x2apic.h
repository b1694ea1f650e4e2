/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APIC of VMPL0, which the hypervisor emulates: x2APIC registers by MSR (APM vol. 2,
 * 16.11 and 16.4). Used for the timer that ends a turn and for the NMI that wakes a CPU. The
 * hypervisor's answers affect how long things take and nothing else.
 */
#include "base/types.h"

/* Each CPU, once, the boot CPU first. False after a line in the log: no x2APIC can be had. */
bool x2apic_present(void);
/* Switch this CPU's APIC to x2APIC mode. Vectors below TIMER_VECTOR's class are held back, because
 * a guest may aim a device at any CPU. False: the hypervisor refused, and may not the next time. */
bool x2apic_switch_on(void);

/* One interrupt with TIMER_VECTOR when the TSC (tsc_khz ticks per ms) reaches that value. Replaces
 * an earlier setting. False: the hypervisor refused. */
bool x2apic_timer_set(uint64_t tsc, uint64_t tsc_khz);
bool x2apic_eoi(void); /* false: refused; none of this priority or below comes until it is done */
bool x2apic_send_nmi(uint32_t apic_id); /* false: refused */

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APIC of VMPL0, which the hypervisor keeps: x2APIC registers by MSR (APM vol. 2, 16.11
 * and 16.4). Used for the timer that ends a slice and for the NMI that wakes a CPU. What it says
 * decides about time and nothing else.
 */
#include "base/types.h"

/* This CPU: x2APIC on; vectors below TIMER_VECTOR's class are held back, because a guest may aim a
 * device at any CPU. False after a line in the log: there is no x2APIC to be had. */
bool x2apic_init_cpu(void);

/* One interrupt TIMER_VECTOR when the TSC, which counts tsc_khz, reaches that value, in place of
 * one set before. False: refused. */
bool x2apic_timer_set(uint64_t tsc, uint64_t tsc_khz);
void x2apic_eoi(void);
bool x2apic_send_nmi(uint32_t apic_id); /* false: refused */

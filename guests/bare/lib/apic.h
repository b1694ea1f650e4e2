/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APIC in x2APIC mode, through GHCB MSR events (so it works in strict mode too).
 * Interrupts off around each call; handlers may call it.
 */
#include "base/types.h"

#define APIC_ID            0x02
#define APIC_VERSION       0x03
#define APIC_TPR           0x08
#define APIC_EOI           0x0b
#define APIC_SVR           0x0f
#define APIC_ISR           0x10
#define APIC_IRR           0x20
#define APIC_ICR           0x30
#define APIC_LVT_TIMER     0x32
#define APIC_TIMER_INITIAL 0x38
#define APIC_TIMER_CURRENT 0x39
#define APIC_TIMER_DIVIDE  0x3e
#define APIC_SELF_IPI      0x3f

#define APIC_LVT_MASKED    BIT(16)
#define APIC_LVT_PERIODIC  BIT(17)
#define APIC_LVT_DEADLINE  BIT(18)
#define APIC_BASE_ON       BIT(11)
#define APIC_BASE_X2       BIT(10)

/* x2APIC mode and software enable on this vCPU. False where the hypervisor offers no x2APIC. */
bool apic_enable(void);
void apic_disable(void);          /* software disable, mode as it was at the start */
uint64_t apic_read(unsigned reg); /* reg: MSR - 0x800 */
bool apic_write(unsigned reg, uint64_t value);
void apic_ipi(uint32_t apic_id, uint8_t vector);

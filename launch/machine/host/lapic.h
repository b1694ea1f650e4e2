/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The CPU's own local APIC, xAPIC by MMIO (APM vol. 2, 16.3). Every function acts on this CPU's. */
#include "base/types.h"

#define HOST_VECTOR_OWN 0xf0 /* from here on vectors are the monitor's own */

enum {
	VECTOR_KICK = HOST_VECTOR_OWN,
	VECTOR_TIMER,
	VECTOR_ERROR,
	VECTOR_IOMMU, /* a device was refused: wakes CPU 0 */
	VECTOR_SPURIOUS = 0xff,
};

void lapic_init(void);        /* enable, LVTs, flat logical mode */
void lapic_mask_others(void); /* both 8259s and every IOAPIC entry; once, CPU 0 */
unsigned lapic_cpu(void);     /* the number of this CPU: the ID that QEMU has given it */
/* The APIC's ID from now on, by which interrupts are routed to it. QEMU's can be written in xAPIC
 * mode. */
void lapic_set_id(uint32_t id);
void lapic_eoi(void);
bool lapic_in_service(unsigned vector);
bool lapic_is_level(unsigned vector); /* from the TMR; valid while the vector is in service */
/* LDR and DFR (xAPIC layout): what the guest chose, so that messages of devices in logical mode
 * reach it. */
void host_lapic_set_logical(uint32_t ldr, uint32_t dfr);

void lapic_ipi(uint32_t id, uint8_t vector);
void lapic_nmi(uint32_t id);
/*
 * What a device's message would do (APM vol. 2, 16.11: a write of data to an address of 0xfee00000
 * and above). False, and nothing is sent, unless it is a fixed or lowest-priority interrupt with a
 * guest's vector.
 */
bool lapic_message(uint32_t address, uint32_t data);
void lapic_smi(uint32_t id);
/* To all but this CPU, while its ID is the one that QEMU has given it. */
void lapic_init_others(void);         /* INIT */
void lapic_sipi_others(uint8_t page); /* start-up at page << 12 */

void lapic_timer_set(uint32_t count); /* one-shot, in LAPIC_TIMER_KHZ units; 0 stops it */
uint32_t lapic_timer_read(void);
#define LAPIC_TIMER_KHZ 1000000u /* QEMU's counts virtual nanoseconds (hw/intc/apic_common.c) */

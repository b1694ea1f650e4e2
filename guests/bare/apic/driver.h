/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The APIC protocol from a guest whose vCPUs have alternate injection: its calls, and handlers that
 * note what is taken. Expectations are those of AMD's draft 1.01 of 58019, chapter 9, as far as it
 * is public, and of APM vol. 2, chapter 16: docs/apic.md. Interrupts are off around each call.
 */
#include "bare/lib/svsm.h"
#include "bare/lib/test.h"

/* x2APIC registers by MSR number: APM vol. 2, table 16-6 */
#define X_ID      0x802
#define X_VERSION 0x803
#define X_TPR     0x808
#define X_PPR     0x80a
#define X_EOI     0x80b
#define X_LDR     0x80d
#define X_SVR     0x80f
#define X_ISR     0x810
#define X_TMR     0x818
#define X_IRR     0x820
#define X_ICR     0x830
#define X_SELF    0x83f

/* ICR: APM vol. 2, 16.5 */
#define ICR_NMI      (4u << 8)
#define ICR_LOWEST   (1u << 8)
#define ICR_LOGICAL  BIT(11)
#define ICR_ASSERT   BIT(14)
#define ICR_SELF     (1u << 18)
#define ICR_ALL      (2u << 18)
#define ICR_OTHERS   (3u << 18)
#define ICR_TO(dest) ((uint64_t)(dest) << 32)
#define APIC3(call)  SVSM_CALL(SVSM_PROTO_APIC, SVSM_APIC_##call)

/* RAX of a call. */
uint64_t apic_call(uint64_t call, uint64_t rcx, uint64_t rdx);
uint64_t apic_get(unsigned msr); /* a register that can be read: checked */
uint64_t apic_put(unsigned msr, uint64_t value);
bool apic_in(unsigned map, uint8_t vector); /* is the vector's bit set in ISR, TMR or IRR? */
/* Is QUERY_PROTOCOL's answer for protocol 3 that it is there? */
bool apic_protocol(void);

/*
 * What this vCPU and the other one have taken: handlers of all vectors from 31 on and of NMIs,
 * which end each interrupt as `how` says.
 */
enum apic_ending {
	END_BY_CALL, /* an EOI by WRITE_REGISTER */
	END_LAZY,    /* by no_eoi_required where that is 1, else by the call */
	END_NOT,     /* not at all */
};
struct apic_log {
	volatile unsigned count[256];
	volatile uint8_t order[64]; /* the first ones */
	volatile unsigned taken;    /* all of them, NMIs not among them */
	volatile unsigned nmis;
	volatile unsigned calls, spared; /* ends of interrupts, by the call and without */
	enum apic_ending how;
	void (*hook)(uint8_t vector); /* in the handler, before the end; may be NULL */
};
extern struct apic_log apic_log[2]; /* by percpu()->index */

/* All new, TPR 0, nothing in service or requested. At the end of a test the same again. */
void apic_begin(enum apic_ending how);
void apic_end(void);
void apic_eoi(void); /* of this vCPU, as `how` says */
/* Interrupts on for some instructions. */
void apic_window(void);
void apic_self(uint8_t vector);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the files of svsm/apic share: one CPU's emulated APIC, and what they need of each other.
 * Only its own CPU touches it, but for what is called atomic.
 */
#include "apic/guest_apic.h"
#include "lib/vapic/vapic.h"

struct guest_apic {
	struct vapic a;      /* tpr: as of the last leave, or written since */
	uint32_t allowed[8]; /* vectors that the hypervisor may raise; bit 2: NMIs */
	/* Level-triggered ones that it raised without leave. It raises them once, and not again
	 * before their EOI, so they wait until they are allowed. */
	uint32_t held[8];
	uint64_t icr;
	uint32_t serial; /* of the VMSA whose state this is */
	uint8_t queued;  /* the VMSA has it, and it is in ISR: taken, unless leave finds it there */
	bool lazy;       /* no_eoi_required was set for the one vector in service */
	bool nmi;        /* an NMI is pending */
	/* What other CPUs have sent, atomic. `sent` is set last and cleared first. */
	bool sent;
	uint64_t told; /* TSC: when the hypervisor was last told of it */
	bool sent_nmi;
	uint32_t sent_irr[8];
};
extern struct guest_apic guest_apic; /* PERCPU */

/* guest_apic_start.c: as after INIT. What is allowed and what others have sent stays. */
void guest_apic_reset(struct guest_apic *g, const struct cpu *c);
/* guest_apic_take.c: what others have sent; what the hypervisor has raised. */
void guest_apic_take_sent(struct guest_apic *g);
void guest_apic_take_host(struct guest_apic *g, unsigned vmpl);
void guest_apic_take_held(struct guest_apic *g); /* what is allowed of it now */
/* guest_apic_send.c: as ICR says, which has been checked. */
void guest_apic_send(struct guest_apic *g, uint64_t icr);
/* guest_apic_regs.c */
void guest_apic_eoi(struct guest_apic *g, unsigned vmpl);

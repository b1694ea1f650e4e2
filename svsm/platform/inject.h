/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Interrupts of a guest that VMPL0 injects (alternate injection: APM vol. 2, 15.36.16): what a
 * vCPU's state says of them, and what is exchanged with the hypervisor. svsm/apic is the user, and
 * decides what comes when; here is only how. Each function is for the CPU that it runs on. None
 * takes a lock, none panics, and none loops for longer than the hypervisor's page has fields.
 */
#include "platform/platform.h"

/*
 * What a vCPU has of interrupts. From leave(): what is still to be taken. For enter(): what the
 * guest shall take. One vector and one NMI at a time, since no more fit a VMSA.
 */
struct inject_state {
	uint8_t tpr;    /* the task priority's class in bits 7:4; the processor keeps no more */
	uint8_t vector; /* 0: none */
	bool nmi;
};

/* What the hypervisor has for a VMPL. Any value is possible, of a guest's vCPU too, because the
 * page is shared. */
struct inject_events {
	uint32_t irr[8]; /* edge-triggered vectors, bit n % 32 of word n / 32 */
	uint8_t level;   /* one level-triggered vector, 0: none */
	bool nmi;
};

/* A local APIC that goes to the hypervisor. */
struct inject_apic {
	const uint32_t *irr, *isr; /* 8 words each */
	uint8_t tpr;
	bool nmi;
};

struct inject_ops {
	uint64_t feature; /* of a vCPU that has it, among those of vcpu->features() */
	/* Can guests have it here? NULL, or why not. Boot CPU, once. */
	const char *(*objection)(void);
	/* Let the hypervisor tell this CPU by that vector of what comes for lower VMPLs. */
	bool (*start)(uint8_t vector);

	/* ---- a vCPU's state (platform/vcpu.h), stopped ---- */

	/*
	 * After a run: what of the last enter() the guest has not taken, an event whose delivery an
	 * exit cut short among it. It is then out of the state; an exception cut short is put back,
	 * and happens at the next run. False: the page cannot be reached.
	 */
	bool (*leave)(gpa_t page, struct inject_state *s);
	/* Before a run. s->nmi becomes false when it does not fit beside an exception that was cut
	 * short. */
	bool (*enter)(gpa_t page, struct inject_state *s);

	/* ---- the hypervisor ---- */

	/* Take what it has for vmpl. False: nothing. What comes later is told anew. */
	bool (*events)(unsigned vmpl, struct inject_events *e);
	/* The end of a level-triggered interrupt that it has raised. */
	bool (*eoi)(unsigned vmpl, uint8_t vector);
	/* Raise `vector` at VMPL0 of that CPU, so that it leaves its guest. */
	bool (*notify)(uint32_t apic_id, uint8_t vector);
	/*
	 * The hypervisor's APIC takes over: page is the state of a stopped vCPU, which from now on
	 * has no alternate injection. False: it refused, and the vCPU has it still, as before.
	 */
	bool (*hand_over)(gpa_t page, unsigned vmpl, const struct inject_apic *a);
};

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the firmware does with a vCPU of the guest whose state lies in a page of guest memory (on
 * SNP its VMSA). The page is named by its address. It is claimed by the caller
 * (task/vmsa_registry.h), or sealed and not a vCPU's state yet (mm/guestpage.h). No locks inside. A
 * false of a function that reads or writes the state means that the page cannot be reached (any
 * more): the host has taken it away, and nobody can run it.
 */
#include "platform/platform.h"

/* Where a guest's first vCPU starts: in 64-bit mode, interrupts off, flat segments. */
struct vcpu_entry {
	uint64_t rip, rsp, rsi;
	gpa_t pagetables; /* of the first page tables */
};

/* A call's registers: 58019, chapter 5. */
struct vcpu_call {
	uint64_t rax, rcx, rdx, r8, r9;
};

struct vcpu_ops {
	/* ---- making one ---- */

	/* Fill a page of ours with the state of a vCPU of vmpl that starts there. */
	void (*fill)(void *page, unsigned vmpl, const struct vcpu_entry *entry);
	/* The features that a state asks of the processor (SEV_FEATURES). */
	bool (*features)(gpa_t page, uint64_t *features);
	/* May a vCPU of vmpl with these features be made of what is in the page? */
	bool (*fits)(gpa_t page, unsigned vmpl, uint64_t features);
	/* Of what the processor keeps in the state the guest makes nothing up: this vCPU has not
	 * run yet, so it has not called, and no processor knows translations of it. */
	bool (*prepare)(gpa_t page);
	/* An accepted page, no rights below VMPL0 on it, becomes the state of a vCPU of vmpl, which
	 * may read it. Of a page that is one already nothing changes, and the call is over at an
	 * instant at which the vCPU does not run. */
	enum platform_result (*create)(gpa_t page, unsigned vmpl);
	/* It becomes an ordinary page again, without rights. */
	enum platform_result (*remove)(gpa_t page, unsigned vmpl);
	/* Hand it to the hypervisor, which runs it at once when that CPU is idle, or with its next
	 * run. */
	enum platform_result (*start)(uint32_t apic_id, unsigned vmpl, gpa_t page);
	/* Run that VMPL of this vCPU until it calls us. PLATFORM_OK when it has run and come back.
	 * No lock may be held. */
	enum platform_result (*run)(unsigned vmpl);

	/*
	 * ---- keeping the hypervisor from running it: 58019, chapter 5 and 6.4 ----
	 *
	 * A vCPU may be running already, on any CPU, with the registers that the processor has
	 * loaded; at its next exit those are written over whatever the SVSM has read or written
	 * meanwhile. So there are two steps.
	 */

	/* From now on no run can begin. */
	bool (*stop)(gpa_t page);
	/* Wait until a run that had begun before is over, and tell whether there was none: only
	 * after a true may what is in the state be believed. */
	bool (*stopped)(gpa_t page);
	/* It may run again, whatever the two have said. */
	void (*resume)(gpa_t page);

	/* ---- its call ---- */

	/* Did it leave by an exit that it made itself, as a call does? */
	bool (*called)(gpa_t page);
	bool (*call_in)(gpa_t page, struct vcpu_call *call);
	/* Write those registers that differ from what came in; RAX always, and last. */
	bool (*call_out)(gpa_t page, const struct vcpu_call *call, const struct vcpu_call *before);

	/* ---- its translations, where guest_flush is not to be had ---- */

	/* It drops all of them before it runs next. */
	void (*flush)(gpa_t page);
	/* It has done so since flush, or does not run. Ask again until it has. */
	bool (*flushed)(gpa_t page);
};

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the firmware does with a vCPU of the guest whose state lies in a page of guest memory (on
 * SNP its VMSA). The page is named by its address. It is claimed by the caller
 * (task/vmsa_registry.h), or sealed and not a vCPU's state yet (mm/guestpage.h). No locks inside. A
 * false of a function that reads or writes the state means that the page cannot be reached: the
 * host has taken it away, and nobody can run it.
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

	/* Fill a page of ours with the state of a vCPU of vmpl that starts there, or (entry NULL)
	 * at the reset vector, as the processor is after INIT. */
	void (*fill)(void *page, unsigned vmpl, const struct vcpu_entry *entry);
	/* The features that a state asks of the processor (SEV_FEATURES). */
	bool (*features)(gpa_t page, uint64_t *features);
	/* May a vCPU of vmpl with these features be made of what is in the page? */
	bool (*fits)(gpa_t page, unsigned vmpl, uint64_t features);
	/* Clear what a processor keeps in the state, so that the guest cannot make it up. The vCPU
	 * has not run yet: it has not called, and no processor has translations of it. */
	bool (*prepare)(gpa_t page);
	/* Make a page the state of a vCPU of vmpl, which may read it afterwards. The page is
	 * accepted, and no VMPL but 0 has rights on it. When the page is that state already,
	 * nothing changes, and the call comes back at an instant at which the vCPU does not run. */
	enum platform_result (*create)(gpa_t page, unsigned vmpl);
	/* Make it an ordinary page again, on which no VMPL but 0 has rights. */
	enum platform_result (*remove)(gpa_t page, unsigned vmpl);
	/* Hand it to the hypervisor, which runs it at once when that CPU is idle, or with its next
	 * run. */
	enum platform_result (*start)(uint32_t apic_id, unsigned vmpl, gpa_t page);
	/*
	 * Run that VMPL of this vCPU until it calls us. PLATFORM_OK: it has run and come back, by
	 * the hypervisor's word. PLATFORM_REFUSED is no more than its word either: the guest may
	 * have run and called. in_vain: how many runs in a row have brought no call; each time the
	 * platform asks in another way than the time before. No lock may be held.
	 */
	enum platform_result (*run)(unsigned vmpl, unsigned in_vain);

	/*
	 * ---- keeping the hypervisor from running it: 58019, chapter 5 and 6.4 ----
	 *
	 * A vCPU may be running already, on any CPU, with the registers that the processor has
	 * loaded; at its next exit those are written over whatever the SVSM has read or written
	 * meanwhile. So there are two steps.
	 */

	/* From now on no run can begin. */
	bool (*stop)(gpa_t page);
	/* Wait until a run that had begun before stop() is over. True: there was none, so the state
	 * may be trusted. */
	bool (*stopped)(gpa_t page);
	/* It may run again, whatever stop() and stopped() have answered. */
	void (*resume)(gpa_t page);

	/* ---- its call ---- */

	/* Did it leave by an exit that it made itself, as a call does? */
	bool (*called)(gpa_t page);
	bool (*call_in)(gpa_t page, struct vcpu_call *call);
	/* Write those registers that differ from what came in; RAX always, and last. */
	bool (*call_out)(gpa_t page, const struct vcpu_call *call, const struct vcpu_call *before);

	/* ---- its translations, where guest_flush is not to be had ---- */

	/* Have it drop all of them before it runs next. */
	void (*flush)(gpa_t page);
	/* Has it done so since flush(), or does it not run? Ask again until it has. */
	bool (*flushed)(gpa_t page);
};

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the firmware needs of the machine it runs on, in its own verbs: accept a page, give the
 * guest rights, make and run a vCPU. A platform (platform/snp, tdx, absent) says how that is done
 * there. It registers itself with PLATFORM; the first whose present() says yes is chosen, once, as
 * the first thing in C. Afterwards `platform` is read only and everything above calls through it.
 *
 * All operations work on any CPU after its cpu_init; none takes a lock; none panics for what the
 * hypervisor answers. Addresses are guest physical, of RAM; a page operation's is aligned to size.
 */
#include "base/addr.h"
#include "abi/snp.h"

struct cpu;
struct frame; /* cpu/frame.h */

enum platform_result {
	PLATFORM_OK = 0,
	PLATFORM_INVALID,    /* address or parameter refused */
	PLATFORM_PERMISSION, /* this VMPL may not */
	PLATFORM_INUSE,      /* the page's entry is locked or in use (a running VMSA): try later */
	PLATFORM_OVERLAP,    /* 2M asked where 4K entries are */
	PLATFORM_SIZEMISMATCH, /* asked 4K in a 2M entry, or 2M in 4K entries */
	PLATFORM_NO_CHANGE,    /* accept, release: the page was in that state already */
	PLATFORM_REFUSED,      /* the hypervisor said no */
	PLATFORM_UNSUPPORTED,  /* not on this platform */
	PLATFORM_FAULT,        /* the instruction faulted: the page is not private (any more) */
};

enum platform_size {
	PLATFORM_4K = RMP_PG_4K,
	PLATFORM_2M = RMP_PG_2M,
};

/* Where a guest's first vCPU starts: 64-bit mode, interrupts off, flat segments. */
struct platform_entry {
	uint64_t rip, rsp, rsi;
	gpa_t pagetables; /* the root */
};

struct platform_ops {
	const char *name; /* for the log */
	/* Is this the machine? Nothing may fault: there is no IDT yet. */
	bool (*present)(void);

	/* ---- launch ---- */

	/* First of all, on the boot stub's stack, .bss not there yet: is there all that this SVSM
	 * needs (hypervisor's protocol, features, privilege)? Returns only if so; else it ends the
	 * launch. versions: what the boot stub learnt of the hypervisor's protocol. */
	void (*early)(uint32_t versions);
	/* Accept a page of the SVSM's own range, by the address at which it is mapped: for what the
	 * launch has not loaded, before memory is set up. */
	enum platform_result (*own_accept)(const void *va, enum platform_size size);
	/* Are the pages that the launch has filled what they claim to be? Returns only if so; else
	 * the reason is in the log and the launch ends. */
	void (*launch_check)(void);

	/* ---- CPUs ---- */

	/* Per CPU, first thing on it: hypervisor communication set up. False: no go; the reason is
	 * in the log. */
	bool (*cpu_init)(struct cpu *c);
	/* Start another CPU of the SVSM, whose descriptors and stacks are there, at entry(c). NULL,
	 * or why not. It may take its time, or never come: the caller waits. */
	const char *(*cpu_start)(struct cpu *c, void (*entry)(struct cpu *c));
	/* An exception that only this platform knows (#VC). True: done, the code goes on. */
	bool (*exception)(struct frame *f);
	/* Wait for anything; may come back without a reason. */
	void (*halt)(void);
	/* This CPU can take another NMI: the hypervisor holds them back until told. */
	void (*nmi_done)(void);
	/* Does the hypervisor deliver interrupts as an APIC does? False: by other means only. */
	bool (*has_interrupts)(void);

	/* ---- pages ---- */

	/* Make a private page of RAM valid, whatever is in it, or give it up. SIZEMISMATCH means
	 * try the other size. */
	enum platform_result (*page_accept)(gpa_t g, enum platform_size size);
	enum platform_result (*page_release)(gpa_t g, enum platform_size size);
	/* Ask the hypervisor to make pages private or shared. Private pages need accept afterwards;
	 * pages to be shared must have been released. Whole pages, any length. */
	enum platform_result (*page_convert)(gpa_t g, uint64_t len, bool shared);
	/* Rights (RMP_R .. RMP_XS) of vmpl, 1..3, on an accepted page. */
	enum platform_result (*guest_rights)(gpa_t g, enum platform_size size, unsigned vmpl,
					     uint8_t rights);
	/* Drop the translations of all VMPLs on all CPUs, and wait until that is done: rights that
	 * were taken away may live on in them until then. PLATFORM_UNSUPPORTED: cannot be had here;
	 * whoever counts on it must do without. */
	enum platform_result (*guest_flush)(void);

	/* ---- vCPUs of the guest ---- */

	/* Fill a page of ours with the state of a vCPU of vmpl that starts there. */
	void (*vcpu_fill)(void *page, unsigned vmpl, const struct platform_entry *entry);
	/* An accepted page, no rights below VMPL0 on it, becomes the state of a vCPU of vmpl, which
	 * may read it; or an ordinary page again, without rights. */
	enum platform_result (*vcpu_create)(gpa_t page, unsigned vmpl);
	enum platform_result (*vcpu_delete)(gpa_t page, unsigned vmpl);
	/* Hand it to the hypervisor, which runs it at once when that CPU is idle, or with its next
	 * vcpu_run. */
	enum platform_result (*vcpu_start)(uint32_t apic_id, unsigned vmpl, gpa_t page);
	/* SEV_FEATURES that a vCPU's state must carry. */
	uint64_t (*vcpu_features)(void);
	/* Run that VMPL of this vCPU until it calls us. PLATFORM_OK when it has run and come back.
	 * No lock may be held. */
	enum platform_result (*vcpu_run)(unsigned vmpl);

	/* ---- what is known of the processor ---- */

	/* CPUID as the platform vouches for it; APIC IDs by the hypervisor. */
	void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t out[4]);
	/* An MSR that the hypervisor keeps (the local APIC's). False: it refused. Its answers are
	 * as little to be trusted as it is. */
	bool (*msr_read)(uint32_t msr, uint64_t *v);
	bool (*msr_write)(uint32_t msr, uint64_t v);
	/* The TSC's rate where the processor itself answers for it, else 0. */
	uint64_t (*tsc_khz)(void);

	/* ---- the way out ---- */

	/* Text to the log port, as is. False when it could not be written (nesting too deep). */
	bool (*console_write)(const char *s, size_t len);
	/* End of the whole guest. set and reason: GHCB specification, termination request (set 0: 0
	 * general, 1 protocol, 2 SNP; set 1: Linux's numbers). */
	NORETURN void (*terminate)(unsigned set, unsigned reason);
	/* The machine has nothing left to do. */
	NORETURN void (*power_off)(void);
};

/* In the platform's file: PLATFORM(name) = {...}; The linker puts them into one table. */
#define PLATFORM(ident) static const struct platform_ops ident SECTION("svsm_platforms") ALIGNED(8)

/* What is there when no other is: platform/absent. It can say so and end, nothing else. */
extern const struct platform_ops platform_absent;

extern const struct platform_ops *platform;

/* The C-bit mask, 0 where there is none; set by the boot stub, checked against CPUID. */
extern uint64_t platform_cbit;

/* Choose. Before this `platform` is platform_absent. */
void platform_detect(void);

/* ---- helpers over the table; whole pages; 2M where alignment and the result allow, else 4K ----
 */

/* Accept a range that has not been loaded at launch and give vmpl its rights. A page that was valid
 * already is PLATFORM_NO_CHANGE: for memory that should have been new this is an attack. Stops at
 * the first failure; *done (may be NULL) tells how many bytes were finished. */
enum platform_result platform_accept_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done);
/* Rights only, for pages loaded at launch. */
enum platform_result platform_rights_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done);

const char *platform_result_name(enum platform_result r);

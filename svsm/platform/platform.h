/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What differs between the machines the SVSM runs on. One table of operations, chosen once at boot
 * (platform_detect) by CPUID and SEV_STATUS; afterwards read only. Everything above calls through
 * `platform`. All operations work on any CPU after its cpu_init; none takes a lock; none panics for
 * what the hypervisor answers.
 */
#include "base/addr.h"
#include "abi/snp.h"

struct cpu;

enum platform_result {
	PLATFORM_OK = 0,
	PLATFORM_INVALID,    /* address or parameter refused */
	PLATFORM_PERMISSION, /* this VMPL may not */
	PLATFORM_INUSE,      /* the page's entry is locked or in use (a running VMSA): try later */
	PLATFORM_OVERLAP,    /* 2M asked where 4K entries are */
	PLATFORM_SIZEMISMATCH, /* asked 4K in a 2M entry, or 2M in 4K entries */
	PLATFORM_NO_CHANGE,    /* validate: the page was in that state already */
	PLATFORM_REFUSED,      /* the hypervisor said no */
	PLATFORM_UNSUPPORTED,  /* not on this platform */
	PLATFORM_FAULT,        /* the instruction faulted: the page is not private (any more) */
};

enum platform_size {
	PLATFORM_4K = RMP_PG_4K,
	PLATFORM_2M = RMP_PG_2M,
};

struct platform_ops {
	const char *name; /* for the log */

	/* Per CPU, first thing on it: hypervisor communication (GHCB) set up and registered. False:
	 * no go; the reason is in the log. */
	bool (*cpu_init)(struct cpu *c);

	/* PVALIDATE (APM vol. 3): make a private page of RAM valid or not. g aligned to size.
	 * Content after validation is undefined. SNP: PLATFORM_SIZEMISMATCH means try the other
	 * size. */
	enum platform_result (*validate)(gpa_t g, enum platform_size size, bool valid);

	/* RMPADJUST (APM vol. 3): rights (RMP_R..RMP_XS) of vmpl (1..3) on a validated page; vmsa
	 * makes it a VMSA page, or an ordinary one again. */
	enum platform_result (*adjust)(gpa_t g, enum platform_size size, unsigned vmpl,
				       uint8_t perms, bool vmsa);

	/* Drop the translations of all VMPLs on all CPUs, and wait until that is done: rights that
	 * adjust has taken away may live on in them until then. PLATFORM_UNSUPPORTED: cannot be
	 * had here; whoever counts on it must refuse. */
	enum platform_result (*flush)(void);

	/* Ask the hypervisor to make pages private or shared (GHCB 4.1.6). Private pages need
	 * validate afterwards; pages to be shared must have been invalidated. Whole pages, any
	 * length. */
	enum platform_result (*page_state)(gpa_t g, uint64_t len, bool shared);

	/* Hand a VMSA to the hypervisor for that vCPU and VMPL (AP_CREATION, op 1), which runs it
	 * at once when the vCPU is idle, or with the next run_vmpl.
	 */
	enum platform_result (*vmsa_register)(uint32_t apic_id, unsigned vmpl, gpa_t vmsa,
					      uint64_t sev_features);

	/* Run that VMPL of this vCPU until it calls us. PLATFORM_OK when it has run and come back.
	 * No lock may be held. */
	enum platform_result (*run_vmpl)(unsigned vmpl);

	/* Wait for anything; may come back without a reason. */
	void (*halt)(void);

	/* An MSR that the hypervisor keeps (the local APIC's). False: it refused. Its answers are
	 * as little to be trusted as it is. */
	bool (*msr_read)(uint32_t msr, uint64_t *v);
	bool (*msr_write)(uint32_t msr, uint64_t v);
	/* This CPU can take another NMI (GHCB 4.1.6): the hypervisor holds them back until told. */
	void (*nmi_done)(void);

	/* CPUID as the platform vouches for it (SNP: the CPUID page; APIC IDs by the hypervisor).
	 */
	void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t out[4]);

	/* Text to the log port, as is. False when it could not be written (nesting too deep). */
	bool (*console_write)(const char *s, size_t len);

	/* End of the whole guest. set and reason: GHCB 2.3.1 and 4.1.16 (facts: set 0: 0 general,
	 * 1 protocol, 2 SNP; set 1: Linux's numbers). */
	NORETURN void (*terminate)(unsigned set, unsigned reason);

	/* SEV_FEATURES that a VMSA made by us must carry (SEV_STATUS >> 2). */
	uint64_t (*sev_features)(void);
};

extern const struct platform_ops *platform;

/* The C-bit mask, 0 where there is none; set by the boot stub, checked against CPUID. */
extern uint64_t platform_cbit;

/* Choose. Before this `platform` is the early table: console lines wait, terminate works. */
void platform_detect(void);

/* ---- helpers over the table; whole pages; 2M where alignment and the result allow, else 4K ----
 */

/* Validate a range that has not been loaded at launch and give vmpl its rights. A page that was
 * valid already is PLATFORM_NO_CHANGE: for memory that should have been new this is an attack.
 * Stops at the first failure; *done (may be NULL) tells how many bytes were finished. */
enum platform_result platform_validate_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t perms,
					     uint64_t *done);
/* Rights only, for pages loaded at launch. */
enum platform_result platform_adjust_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t perms,
					   uint64_t *done);

const char *platform_result_name(enum platform_result r);

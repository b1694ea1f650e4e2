/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the firmware needs of the machine it runs on, in its own verbs: accept a page, give the
 * guest rights, make and run a vCPU. A platform (platform/snp, tdx, absent) says how that is done
 * there. It registers itself with PLATFORM. The first one whose present() says yes is chosen,
 * once, as the first thing in C. Afterwards `platform` is read only, and everything above calls
 * through it.
 *
 * All operations work on any CPU after its cpu_init. None but cpu_init and cpu_start takes a lock,
 * and none panics because of a hypervisor's answer. Addresses are guest physical addresses of RAM;
 * a page operation's is aligned to its size.
 */
#include "base/addr.h"
#include "abi/snp.h"

struct cpu;
struct vcpu_ops;
struct inject_ops;
struct frame; /* cpu/frame.h */

/*
 * Up to 0x11 a value is also the offset from 0x80001000 by which the core protocol tells the guest
 * (58019, 6.2): EAX as the instruction answered, known to us or not, then what is no EAX.
 */
enum platform_result {
	PLATFORM_OK = SNP_SUCCESS,
	PLATFORM_INPUT = SNP_FAIL_INPUT,           /* PVALIDATE or RMPADJUST: bad operand */
	PLATFORM_PERMISSION = SNP_FAIL_PERMISSION, /* this VMPL may not */
	/* Documented for no instruction of a guest (the hypervisor lets it be tried again); handed
	 * on as it is if it comes. */
	PLATFORM_INUSE = SNP_FAIL_INUSE,
	PLATFORM_OVERLAP = SNP_FAIL_OVERLAP,           /* 2M asked where 4K entries are */
	PLATFORM_SIZEMISMATCH = SNP_FAIL_SIZEMISMATCH, /* 4K in a 2M entry, or 2M in 4K ones */
	PLATFORM_EAX_MAX = 0xf,
	PLATFORM_NO_CHANGE = 0x10,  /* accept, release: it was in that state already (CF) */
	PLATFORM_UNEXPECTED = 0x11, /* EAX above PLATFORM_EAX_MAX */

	PLATFORM_INVALID = 0x20, /* address or parameter refused, no instruction executed */
	PLATFORM_REFUSED,        /* the hypervisor said no */
	PLATFORM_UNSUPPORTED,    /* not on this platform */
	PLATFORM_FAULT,          /* the instruction faulted: the page is not private (any more) */
};

enum platform_size {
	PLATFORM_4K = RMP_PG_4K,
	PLATFORM_2M = RMP_PG_2M,
};

/* What the hypervisor says is pending. A hint and no more: on SNP everybody can write it. */
struct platform_events {
	uint8_t vector; /* 0: none */
	bool nmi, machine_check;
};

/* Pages of certificates at most. Linux begins with 4 (SEV_FW_BLOB_MAX_SIZE) and grows when it is
 * told to. */
#define PLATFORM_CERTIFICATE_PAGES 16

/* A message to the security processor, and what came of it. All memory is the caller's, private. */
struct platform_message {
	const void *request; /* a page, sealed: abi/guest_message.h */
	void *response;      /* a page; only the processor's seal tells whether it is its answer */
	void *certificates; /* PLATFORM_CERTIFICATE_PAGES pages for what the host has; NULL: none */
	uint64_t status;    /* SW_EXITINFO2: 0, or the firmware's and the host's errors */
	uint64_t pages;     /* with VMM_ERROR_INVALID_LEN: so many the certificates take */
};

struct platform_ops {
	const char *name; /* for the log */
	/* Is this the machine? It must not fault, because there is no IDT yet. */
	bool (*present)(void);

	/* ---- launch ---- */

	/* Called first, on the boot stub's stack, before memory is accepted: does the hypervisor
	 * offer all that this SVSM needs (protocol, features, privilege)? Returns only if so, else
	 * it ends the launch. versions: what the boot stub learnt of the hypervisor's protocol. */
	void (*early)(uint32_t versions);
	/* Accept a page of the SVSM's own range, named by its virtual address: for memory that the
	 * launch has not loaded, before the memory map is set up. */
	enum platform_result (*own_accept)(const void *va, enum platform_size size);
	/* Are the pages that the launch has filled what they claim to be? Returns only if so;
	 * otherwise the reason is in the log and the launch ends. */
	void (*launch_check)(void);

	/* ---- CPUs ---- */

	/* The first thing on each CPU: set up its way to the hypervisor. False: this CPU cannot be
	 * used; the reason is in the log. */
	bool (*cpu_init)(struct cpu *c);
	/* APIC IDs of all CPUs as the hypervisor lists them, at most max: its word, perhaps with
	 * doubles. 0: it gives no list. Boot CPU only, once. */
	unsigned (*apic_ids)(uint32_t *ids, unsigned max);
	/*
	 * Start another CPU of the SVSM at entry(c); its descriptors and stacks exist. NULL, or
	 * why not. The CPU may come late or never, so the caller has to wait for it with a bound.
	 */
	const char *(*cpu_start)(struct cpu *c, void (*entry)(struct cpu *c));
	/* An exception that only this platform knows (#VC). True: dealt with, the interrupted code
	 * goes on. */
	bool (*exception)(struct frame *f);
	/* Sleep until something happens; may return for no reason. */
	void (*halt)(void);
	/* Tell the hypervisor that this CPU can take another NMI: it holds them back until
	 * told. False: it refused, so none will come yet. */
	bool (*nmi_done)(void);
	/* To be called before ring 3 runs: an exit to the hypervisor by it must do nothing. */
	void (*before_ring3)(void);
	/* Do interrupts reach this CPU, by their vectors or by events_take? */
	bool (*has_interrupts)(void);
	/* Where interrupts come by one exception (cpu/trap/hv.h): take what is pending, and let the
	 * hypervisor raise it for what comes next. False: nothing, or it is not so here. */
	bool (*events_take)(struct platform_events *e);
	/* Has the hypervisor said that the interrupt taken last needs no EOI? Asked once for
	 * each. */
	bool (*eoi_spared)(void);

	/* ---- pages ---- */

	/* Make a private page of RAM valid, whatever is in it, or give it up again. What is in a
	 * valid page can be changed by nobody else any more: where a processor asks for it, cache
	 * lines from before are evicted. SIZEMISMATCH: try the other size. */
	enum platform_result (*page_accept)(gpa_t g, enum platform_size size);
	enum platform_result (*page_release)(gpa_t g, enum platform_size size);
	/* Ask the hypervisor to make pages private or shared. Private pages have to be accepted
	 * afterwards; pages that become shared must have been released before. Whole pages, any
	 * number. */
	enum platform_result (*page_convert)(gpa_t g, uint64_t len, bool shared);
	/* Set the rights (RMP_R .. RMP_XS) of vmpl, 1..3, on an accepted page. */
	enum platform_result (*guest_rights)(gpa_t g, enum platform_size size, unsigned vmpl,
					     uint8_t rights);
	/* Drop the translations of all VMPLs on all CPUs, and wait until that is done. Until then
	 * rights that were taken away may live on in them. PLATFORM_UNSUPPORTED: not possible
	 * here; a caller that depends on it must refuse. */
	enum platform_result (*guest_flush)(void);

	/* ---- vCPUs of the guest: platform/vcpu.h ---- */
	const struct vcpu_ops *vcpu;

	/* ---- their interrupts, where VMPL0 injects them: platform/inject.h; NULL: it cannot ----
	 */
	const struct inject_ops *inject;

	/* ---- what is known of the processor ---- */

	/* CPUID as the platform vouches for it; only APIC IDs are the hypervisor's answer. */
	void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t out[4]);
	/* An MSR that the hypervisor keeps (the local APIC's). False: it refused. An answer
	 * deserves no more trust than the hypervisor. */
	bool (*msr_read)(uint32_t msr, uint64_t *v);
	bool (*msr_write)(uint32_t msr, uint64_t v);
	/* The TSC's rate in kHz where the processor itself answers for it, else 0. */
	uint64_t (*tsc_khz)(void);

	/* Hand a message to the security processor by way of the host, which may change, lose or
	 * repeat it. One at a time. NULL: this platform has none. PLATFORM_OK: `status` says what
	 * came of it. */
	enum platform_result (*message)(struct platform_message *m);

	/* ---- ports ---- */

	/* n bytes of one port of the hypervisor's, out or, with `in`, in: 1,024 at most. What comes
	 * in is its word. False: it refused. NULL: there is no such way. */
	bool (*port_bytes)(uint16_t port, void *bytes, size_t n, bool in);

	/* ---- the way out ---- */

	/* Write text to the log port as it is. False: it could not be written (exceptions nested
	 * too deeply). */
	bool (*console_write)(const char *s, size_t len);
	/* End of the whole guest. set and reason: GHCB specification, termination request (set 0: 0
	 * general, 1 protocol, 2 SNP; set 1: Linux's numbers). */
	NORETURN void (*terminate)(unsigned set, unsigned reason);
	/* The machine has nothing left to do. */
	NORETURN void (*power_off)(void);
};

/* In the platform's file: PLATFORM(name) = {...}; The linker puts them into one table. */
#define PLATFORM(ident) static const struct platform_ops ident SECTION("svsm_platforms") ALIGNED(8)

/* The platform when no other is present: platform/absent. It can say so and end, nothing else. */
extern const struct platform_ops platform_absent;

extern const struct platform_ops *platform;

/* The C-bit mask, 0 where there is none; set by the boot stub, checked against CPUID. */
extern uint64_t platform_cbit;

/* Choose the platform. Before this `platform` is platform_absent. */
void platform_detect(void);

/* ---- helpers over the table; whole pages; 2M where alignment and the result allow, else 4K ----
 */

/* Accept a range that was not loaded at launch, and give vmpl rights to it. A page that was valid
 * before is PLATFORM_NO_CHANGE: for memory that should be new this means an attack. Stops at the
 * first failure; *done (may be NULL) tells how many bytes are finished. */
enum platform_result platform_accept_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done);
/* The rights only, for pages that were loaded at launch. */
enum platform_result platform_rights_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done);

const char *platform_result_name(enum platform_result r);

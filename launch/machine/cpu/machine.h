/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SEV-SNP processor in software (launch/machine/cpu/ and snp/): RMP, VMSAs, VMPLs, #VC. It
 * behaves as the CPU does; the hypervisor's half (hv.h) sees only what a hypervisor would see of an
 * SNP guest.
 */
#include "base/addr.h"
#include "base/spinlock.h"
#include "abi/vmsa.h"
#include "abi/snp.h"

struct vmcb;
struct vapic;

/* Exits are counted by SVM exit code below 0x9e; nested faults and refused VMRUNs have a slot each.
 */
#define MACHINE_EXIT_SLOTS   0xa0
#define MACHINE_EXIT_INVALID 0x9e
#define MACHINE_EXIT_NPF     0x9f

/* What one vCPU keeps for each VMPL that has a VMSA. */
struct vmpl_ctx {
	gpa_t vmsa;  /* GPA_NONE: nothing to run */
	bool loaded; /* the VMCB holds the state; else the VMSA page does */
	struct vmcb *vmcb;
	uint64_t ghcb_msr;     /* MSR 0xC0010130 as last written or answered */
	uint64_t sev_features; /* latched from the VMSA when it was attached */
	uint64_t gpr[16];      /* x86 encoding order; RAX and RSP live in the VMCB while loaded */
	uint64_t dr[4];
	uint64_t xcr0, pat;
	uint32_t pkru, tsc_aux;
	uint8_t fx[832] ALIGNED(64); /* XSAVE area: legacy, header, AVX */
	uint64_t shadow_rip;         /* the last exit was in an interrupt shadow, at this RIP */
	uint64_t soft_rip;           /* a software interrupt was injected, with RIP behind it */
	bool cr3_hidden;             /* VMCB.CR3 has a C-bit that the guest did not write */
	uint64_t cr3_bare;           /* the last CR3 that needed it; ~0: none */
	struct vapic *apic;          /* owned by lib/vapic/apic.c */
	/* hv's own: */
	gpa_t ghcb_registered; /* GPA_NONE until registered */
	bool halted;           /* HLT: waits for an interrupt */
	bool reset_hold;       /* AP reset hold: waits for SIPI or AP_CREATION */
};

struct vcpu {
	unsigned index;   /* 0..N-1 */
	uint32_t apic_id; /* = index + 1 = the CPU it runs on: devices reach it without translation
			   */
	uint8_t vmpl;     /* whose VMCB is current */
	struct vmpl_ctx ctx[VMPL_COUNT];
	uint32_t in_guest; /* 1 between "about to VMRUN" and "VMEXIT handled the TLB" */
	uint64_t flush_seen;
	const char *fault;           /* MACHINE_FAULT, MACHINE_MMIO: why */
	uint64_t fault_at;           /* these and MACHINE_SHARED: at which address */
	uint64_t entry_rip;          /* RIP of the last VMRUN: a refused one spoils the save area */
	uint64_t npf_last, npf_same; /* the same nested fault again and again makes no progress */
	uint64_t exits[MACHINE_EXIT_SLOTS];
};

extern struct vcpu *machine_vcpus[];
extern unsigned machine_vcpu_count;
struct vcpu *machine_vcpu_by_apic_id(uint32_t apic_id); /* NULL when there is none */

/* Why machine_run came back: the events a hypervisor sees (automatic exits) plus host business. */
enum machine_exit {
	MACHINE_VMGEXIT, /* RIP already after the instruction */
	MACHINE_HLT,     /* RIP already after the instruction */
	MACHINE_INTR,    /* a host interrupt is pending */
	MACHINE_WINDOW,  /* the guest can take an interrupt now */
	MACHINE_PAUSE,
	MACHINE_SHUTDOWN, /* triple fault; machine_describe tells where */
	MACHINE_SHARED,   /* a private access to the shared page at fault_at; RIP at the instruction
			   */
	MACHINE_FAULT,    /* the VMSA's state was refused by VMRUN, or a rule of SNP was broken */
	MACHINE_MMIO, /* an NPF on a private-looking address where there is no RAM: hv may only stop
		       */
};

/* ---- vcpu.c ---- */
void machine_init(void);     /* RMP and tables; on CPU 0 before the others start */
void machine_cpu_init(void); /* EFER.SVME, host save area; on every guest CPU */
/* Run the current VMPL until something for the hypervisor happens. The machine handles the rest:
 * #VC reflection, RMP instructions, nested faults it can fill. */
enum machine_exit machine_run(struct vcpu *v);
/* Make vmpl current: the old one is written back to its VMSA page (whose in-use lock is dropped),
 * the new one read from its own (checked to be a VMSA page of that VMPL, then locked).
 * False, and nothing changed, when that cannot be. */
bool machine_switch(struct vcpu *v, uint8_t vmpl);
/* Give (or with GPA_NONE take away) the VMSA of a VMPL. v must not be running that VMPL now.
 * False when the page is not an unused VMSA page of that VMPL, or its sev_features differ.
 * On v's own CPU, outside machine_run, the current VMPL may be taken away or replaced too: its
 * state is written back first, and v has nothing to run until the next machine_switch. */
bool machine_attach(struct vcpu *v, uint8_t vmpl, gpa_t vmsa, uint64_t sev_features);
/* Host interrupts into the guest, with the current VMPL. */
bool machine_can_inject(struct vcpu *v); /* IF=1, no shadow, no event pending */
void machine_inject(struct vcpu *v, uint8_t vector);
/* #HV, whatever RFLAGS.IF and the interrupt shadow say. False when an event is on its way already.
 */
bool machine_inject_hv(struct vcpu *v);
void machine_inject_nmi(struct vcpu *v);
void machine_want_window(struct vcpu *v, bool on);
bool machine_can_inject_nmi(struct vcpu *v);       /* no event pending */
void machine_set_tpr(struct vcpu *v, uint8_t tpr); /* what CR8 reads: 0..15 */
uint64_t machine_rip(struct vcpu *v);              /* for the last line of a run only */
uint8_t machine_cpl(struct vcpu *v);
/* VMPL, CPL, RIP and registers of the current state to the log: for the end of a run only. */
void machine_describe(struct vcpu *v);
void machine_stats(void); /* exits by reason, all vCPUs, one log line each */

/* ---- rmp.c: the hypervisor's instructions ---- */
/* RMPUPDATE: size RMP_PG_4K or RMP_PG_2M; assigned true = private (unvalidated), false = shared.
 * Flushes and kicks as needed. APM vol. 2, 15.36.5. */
enum snp_insn_result rmp_update(gpa_t g, int size, bool assigned);
enum snp_insn_result rmp_psmash(gpa_t g);
bool rmp_is_shared(gpa_t g, uint64_t len); /* the whole range is guest RAM and hypervisor-owned */
/* What SNP_LAUNCH_UPDATE does to a page: assigned, validated, permissions of VMPL1..3 as given. */
void rmp_launch_page(gpa_t g, const uint8_t perms[VMPL_COUNT], bool vmsa);
/* The same of a 2M page (56860, 8.17: PAGE_SIZE = 1). False when the RMP entry is not one of 2M. */
bool rmp_launch_large(gpa_t g, const uint8_t perms[VMPL_COUNT]);
/* Launch: all guest RAM assigned, not validated, 2M entries where possible. */
void rmp_launch_ram(void);

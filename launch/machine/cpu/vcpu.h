/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The virtual processors: what each keeps, and why it comes back to the hypervisor. Everything of a
 * vCPU belongs to the CPU that runs it, unless a field says otherwise.
 */
#include "base/addr.h"
#include "abi/snp.h"
#include "lib/patience.h"
#include "machine/cpu/cpuset.h"

struct vmcb;
struct exit_causes;

/* Exits are counted by SVM exit code below 0x9e; nested faults and refused VMRUNs have a slot each.
 */
#define EXIT_SLOTS        0xa0
#define EXIT_SLOT_INVALID 0x9e
#define EXIT_SLOT_NPF     0x9f

/* What one vCPU keeps for each VMPL that has a VMSA. */
struct vmpl_ctx {
	gpa_t vmsa;           /* GPA_NONE: nothing to run */
	bool loaded;          /* the VMCB holds the state; else the VMSA page does */
	uint64_t *flush_word; /* in the VMSA page, while it is loaded: tlb.h */
	struct vmcb *vmcb;
	uint64_t ghcb_msr;     /* MSR 0xC0010130 as last written or answered */
	bool answer_due;       /* the guest asked by it, and may be about to read it */
	uint64_t sev_features; /* latched from the VMSA when it was attached */
	uint64_t tsc_scale,
		tsc_offset;     /* of the counter that the guest reads: cpu/exec/counter.h */
	uint64_t hv_tsc_offset; /* the hypervisor's, which counts unless the VMSA has its own */
	uint64_t gpr[16];       /* x86 encoding order; RAX and RSP live in the VMCB while loaded */
	uint64_t dr[4];
	uint64_t xcr0, pat;
	uint32_t pkru, tsc_aux;
	uint8_t fx[832] ALIGNED(64); /* XSAVE area: legacy, header, AVX */
	uint64_t shadow_rip;         /* the last exit was in an interrupt shadow, at this RIP */
	uint64_t vtom; /* SEV_FEATURES[1]: all below is private, all from here on shared; 0: off */
	uint64_t reflected; /* a #VC that the VMPL above is to see: its error code; 0: none */
	uint64_t nrip;      /* the RIP behind its instruction, 0 where that is not known */
	uint64_t vintr;     /* VINTR_CTRL while loaded, with alternate injection: exec/vintr.c */
	bool nmi_iret; /* its IRET is being stepped over, since an NMI waits for the end of it */
};

struct vcpu {
	unsigned index;   /* 0..N-1 */
	uint32_t apic_id; /* = index, as QEMU and KVM number them; its CPU's is the same: host/smp.h
			   */
	uint8_t vmpl;     /* whose VMCB is current */
	struct vmpl_ctx ctx[VMPL_COUNT];
	uint32_t in_guest; /* 1 between "about to VMRUN" and "VMEXIT handled the TLB" */
	uint64_t flush_seen;
	uint32_t writes;         /* odd: in a write to guest memory, tlb_write_begin() */
	uint32_t write_depth;    /* its nesting */
	uint64_t forced_flushes; /* by vmpl_ctx.flush_word */
	bool napped; /* the CPU took a nap, or machine_run loaded the state: the guest's interrupts
		      * and timers have still to be looked at */
	/* snp/vmsa_inuse.c's; asked is written by other CPUs too */
	struct cpuset asked; /* the vCPUs that wait for the VMSA page that this one holds */
	struct vcpu *asks;   /* in whose asked this one has its bit */
	uint64_t down_since; /* TSC: the current VMSA was put down; 0: it may be loaded */
	uint64_t down_asked; /* TSC: then somebody still waited for it */
	/* TSC: hv/run.c's, PAUSEs in close succession */
	uint64_t pause_since, pause_last;
	const char *fault;  /* MACHINE_FAULT, MACHINE_MMIO: why */
	uint64_t fault_at;  /* these, MACHINE_SHARED and MACHINE_PRIVATE: at which address */
	uint64_t entry_rip; /* RIP of the last VMRUN: a refused one spoils the save area */
	bool resting;       /* the CPU sleeps, because v has nothing to run; read by others */
	uint32_t rests;     /* how often it began to; read by others, atomic */
	uint64_t entered;   /* TSC at the last VMRUN; 0: none yet. Read by others */
	/* snp/npf.c's: nested faults without progress, and an access without the right */
	uint64_t npf_last, npf_rip, npf_same;
	struct patience npf_since;
	uint64_t denied_at, denied_changes;
	struct patience denied, denied_alone;
	uint64_t denied_asked;                /* TSC: the others, whether they rest; 0: not yet */
	uint32_t denied_rests[HOST_MAX_CPUS]; /* how often each had begun to by then */
	struct exit_causes *causes;           /* exit_cause.h; NULL without the option stats */
	uint32_t refused_events;              /* cpu/event/inject.c */
	uint32_t trace_left;                  /* vcpu_traced() */
	uint64_t exits[EXIT_SLOTS];
};

/* The CPU that v runs on, for ever. */
static inline unsigned vcpu_cpu(const struct vcpu *v)
{
	return v->index + 1;
}

/* The state of the VMPL that runs now. */
static inline struct vmpl_ctx *vcpu_ctx(struct vcpu *v)
{
	return &v->ctx[v->vmpl];
}

/* How many lines of an exit, and of what it asked for, the log still gets. An NMI asks for some. */
#define VCPU_TRACE_ALL  (~0u) /* the option trace */
#define VCPU_TRACE_SOME 16u

/* This one gets a line. On v's own CPU. */
static inline bool vcpu_traced(struct vcpu *v)
{
	uint32_t left = v->trace_left;

	if (left && left != VCPU_TRACE_ALL)
		v->trace_left = left - 1;
	return left;
}

extern struct vcpu *machine_vcpus[];
extern unsigned machine_vcpu_count;
/* How many of them a guest below VMPL0 may know of: the first ones. The others run services of
 * VMPL0, and no list or count shows them. At least 1. */
unsigned machine_guest_vcpus(void);
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
	MACHINE_PRIVATE,  /* a shared access to the private page at fault_at, not if strict */
	MACHINE_REFLECTED, /* a #VC under SEV_FEATURES[2]: the VMSA tells what it was */
	MACHINE_BUSY,      /* VMRUN met VINTR_BUSY (VMEXIT_BUSY): the VMPL above has to see to it */
	MACHINE_FAULT,     /* the VMSA's state was refused by VMRUN, or a rule of SNP was broken */
	MACHINE_MMIO,      /* a page table or code where there is no RAM: hv may only stop */
};

/* A vCPU for every CPU but the first, without a VMSA; on CPU 0, before the guests run. */
void machine_init(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the hypervisor's half keeps for each vCPU. Owned by the CPU that runs it, unless noted. */
#include "lib/vapic/vapic.h"
#include "machine/dev/clock/kvmclock.h"
#include "machine/dev/mtrr.h"
#include "machine/dev/clock/tsc_msr.h"
#include "machine/cpu/vcpu.h"

/* What a vCPU asked the hypervisor for, and what came of it. */
enum stat {
	STAT_VMGEXIT,
	STAT_HLT,
	STAT_INTR,
	STAT_WINDOW,
	STAT_PAUSE,
	STAT_MSR_PROTOCOL,
	STAT_CPUID,
	STAT_IOIO,
	STAT_IOIO_FAST,
	STAT_MSR,
	STAT_MSR_FAST,
	STAT_MMIO,
	STAT_MMIO_FAST,
	STAT_PSC,
	STAT_TO_PRIVATE,
	STAT_TO_SHARED,
	STAT_RUN_VMPL,
	STAT_AP_CREATION,
	STAT_OTHER,
	STAT_INJECTED,
	STAT_PV_EOI,
	STAT_PREEMPTED,
	STAT_COUNT,
};

/* A request slot: FREE -> CLAIMED (who asks) -> POSTED -> SERVING (the target) -> DONE -> FREE. */
enum ap_state {
	AP_FREE,
	AP_CLAIMED,
	AP_POSTED,
	AP_SERVING,
	AP_DONE
};

/* One VMSA change asked for by another vCPU (ap.c). */
struct ap_request {
	uint32_t state; /* enum ap_state, atomic */
	uint8_t op, vmpl;
	bool done_ok;
	gpa_t vmsa;
	uint64_t features;
};

/* Restricted injection at one VMPL (doorbell.c). */
struct hv_doorbell_state {
	gpa_t page;     /* GPA_NONE: not set */
	uint8_t posted; /* the vector in the page, not yet known to be taken; 0: none */
	bool due;       /* #HV has still to be raised */
	bool spared;    /* NoEoiRequired is set for the vector posted, or in service */
};

/* Alternate injection of one VMPL: VMPL0 injects for it, and gets its interrupts (altinj.c). */
struct hv_altinj {
	bool on;
	uint32_t level[8]; /* shown to VMPL0 as level-triggered: its SPECIFIC_EOI is awaited */
};

struct hv_vcpu {
	struct vcpu *v;
	struct vapic apic[VMPL_COUNT];
	struct tsc_msr tsc[VMPL_COUNT];
	struct kvmclock clock[VMPL_COUNT];
	struct ap_request request;
	struct ap_request on_init[VMPL_COUNT]; /* AP_CREATION op 0: until INIT or RUN_VMPL */
	bool halted[VMPL_COUNT];               /* HLT: waits for an interrupt */
	bool stays_halted[VMPL_COUNT];         /* preempted in a HLT, which goes on (preempt.c) */
	bool reset_hold[VMPL_COUNT];           /* AP reset hold: waits for SIPI or AP_CREATION */
	gpa_t ghcb_registered[VMPL_COUNT];     /* GPA_NONE until registered */
	uint64_t run_in_vain;                  /* RUN_VMPLs that failed in a row */
	struct hv_doorbell_state doorbell[VMPL_COUNT];
	struct hv_altinj altinj[VMPL_COUNT];
	uint8_t int_inj; /* the vector that tells VMPL0 of interrupts of these VMPLs; 0: none yet */
	gpa_t hold_ghcb[VMPL_COUNT]; /* reset hold asked for by NAE: where the answer goes */
	uint64_t timer_armed;        /* what the host's timer was last armed with, 0: nothing */
	uint64_t turn_ends;          /* irq_turn() */
	uint64_t turn_dice;          /* turn_ticks(); 0: not thrown yet */
	bool dead;                   /* set while it waits for what cannot come: read by CPU 0 */
	uint32_t deaths;             /* how often it has found that: read by CPU 0, atomic */
	struct mtrr mtrr;
	uint64_t count[VMPL_COUNT][STAT_COUNT];
};

extern struct hv_vcpu *hv_states[];

/* The state of every vCPU, the clock and the calls; CPU 0, after the launch. */
void hv_init(void);

static inline struct hv_vcpu *hv_state(const struct vcpu *v)
{
	return hv_states[v->index];
}

/* The APIC of the VMPL that runs now. */
static inline struct vapic *hv_apic(struct vcpu *v)
{
	return &hv_state(v)->apic[v->vmpl];
}

static inline void hv_count(struct vcpu *v, enum stat what)
{
	hv_state(v)->count[v->vmpl][what]++;
}

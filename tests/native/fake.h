/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A machine and a guest for tests of the core protocol: a small RMP that also says when the SVSM
 * does what no SVSM should (a CHECK fails), guest memory, two vCPUs that call and two that wait for
 * CREATE_VCPU. fake.c defines what the SVSM's sources expect: platform, guest_mem, percpu, log.
 */
#include "abi/svsm.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/pagestate.h"
#include "cpu/percpu.h"
#include "platform/platform.h"
#include "protocols/core.h"

#define BASE     0x10000000ull
#define PAGES    4096u /* 16 MiB, of which the first 2 MiB are the SVSM's */
#define CPUS     2u
#define GUEST    (BASE + SIZE_2M)
#define AT(n)    (GUEST + (uint64_t)(n)*PAGE_SIZE) /* n-th guest page */
#define VMSA(c)  AT(500 + (c))
#define CAA(c)   AT(504 + (c))
#define LIST(c)  AT(508 + (c))
#define FEATURES SEV_FEAT_SNP_ACTIVE

/* ---- the machine ---- */

struct fake_rmp {
	bool validated, vmsa, big;
	bool running; /* a processor has the VMSA: fake_enter() */
	/* When the guest's rights were last taken away; when the VMSA last dropped translations. */
	unsigned revoked_at, flushed_at;
	uint8_t perms[VMPL_COUNT];
};

extern struct fake_rmp fake_rmp[PAGES];
/* Of mm/pagestate.c: the page with this number, counted from BASE. */
enum page_state fake_state(unsigned page);
extern struct cpu fake_cpus[2 * CPUS]; /* the second half runs nothing */
extern unsigned fake_guests[2 * CPUS]; /* how often sched_guest() woke each */
/* The n-th call from now fails; 0: none. A barrier is an RMPADJUST that leaves a VMSA as it is. */
extern unsigned fake_service_cpus; /* besides those of the guest */
extern int fake_fail_adjust, fake_fail_validate, fake_fail_barrier;
extern enum platform_result fake_fail_with; /* what it answers */
extern bool fake_fail_on;                   /* all later ones fail, too */
extern bool fake_no_flush;                  /* flush cannot be had */
/* A VMSA in use never comes out of it: RMPADJUST answers FAIL_INUSE, which no document gives it, as
 * the worst that it could do. With fake_reenters its vCPU has exited and entered again meanwhile.
 */
extern bool fake_stuck, fake_reenters;
extern unsigned fake_stuck_until;    /* until that many barriers, all in all; 0: for good */
extern uint64_t fake_khz;            /* the TSC's rate: how long waits are */
extern uint64_t fake_barrier_ticks;  /* how long a barrier takes */
extern bool fake_splits;             /* the hypervisor splits 2M entries right after PVALIDATE */
extern unsigned fake_hardware_calls; /* less barriers, */
extern unsigned fake_barriers;       /* which are counted here */
extern struct spinlock fake_lock;    /* of the RMP: the real one has a lock for each entry */

/* Called for what the SVSM reads in guest memory before, and for what it writes after the access.
 */
extern void (*fake_watch)(gpa_t g, bool write);

struct fake_rmp *fake_entry(gpa_t g);

/*
 * VMRUN of a VMSA page on some other processor, and its exit: the state that was loaded is written
 * back, EFER with it. PCPU_ID as APM vol. 2, 15.36.15 has it. False: refused. An RMPADJUST or
 * PVALIDATE of the page meanwhile is retried by the hypervisor until it is out of use (APM vol.
 * 2, 15.36.10); here it ends the run for that.
 */
bool fake_enter(uint64_t vmsa);
void fake_exit(uint64_t vmsa);

/* ---- the guest ---- */

void fake_setup(void); /* RAM as a launch leaves it: first guest region 4K and valid, others not */
void *fake_mem(uint64_t g);
void fake_write_vmsa(uint64_t g); /* content that CREATE_VCPU accepts */

/* A call of a vCPU (0 or 1) through VMSA and calling area; returns RAX. */
uint64_t fake_raw_call(unsigned cpu, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8);
uint64_t fake_call(unsigned cpu, uint32_t call, uint64_t rcx, uint64_t rdx, uint64_t r8);

#define OP_VALIDATE SVSM_PVALIDATE_ACTION
#define OP_RESCIND  0
#define OP_2M       1
void fake_write_list(uint64_t at, const uint64_t *entries, uint16_t n);
uint64_t fake_list(unsigned cpu, uint32_t call, const uint64_t *entries, uint16_t n);
uint16_t fake_list_next(unsigned cpu);
uint64_t fake_pvalidate(unsigned cpu, uint64_t e);

/* What the map says and what the hardware holds must agree, page by page. */
void fake_check_agreement(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * One struct cpu per vCPU. GS points to the own one; the table of all is fixed after smp_init().
 * Fields without a comment on locking are written by the owning CPU only.
 *
 * This structure holds what more than one module uses. What a module keeps of each CPU for itself
 * stands in that module's own file:
 *
 *	static PERCPU struct timer_cpu timer;
 *	struct timer_cpu *t = percpu_mine(&timer);
 *
 * It needs no more than 16 bytes of alignment, which is what alloc() gives the copies. Such a
 *variable starts as all zeros. The boot CPU uses the variable itself, every other CPU a copy.
 */
#include "base/addr.h"
#include "cpu/vcpu_guest.h"
#include "log/log.h"

#define PERCPU_MAX 512

struct ghcb_state; /* platform/snp/ghcb.h */
struct cpu_desc;   /* cpu/desc.h: GDT, TSS and the stacks behind them */

struct cpu {
	struct cpu *self; /* GS:0 */
	/* user/user.S reaches these three by mm/layout.h's CPU_*. */
	uint64_t user_kernel_rsp;    /* kernel RSP to go back to when ring 3 ends */
	struct user_regs *user_regs; /* registers of the process that ring 3 runs */
	uint64_t user_scratch;       /* its RSP, for an instant */
	unsigned index;              /* 0 = boot CPU; fixed */
	uint32_t apic_id;            /* fixed */
	bool online;                 /* set once by the CPU itself, read by all (acquire) */
	bool service;   /* a service CPU, hidden from the guest; fixed before it starts */
	bool idle;      /* task/sched.c: sleeps or is about to; any CPU may clear it (atomic) */
	bool spare;     /* task/sched.c: takes work and has not missed a wake-up (atomic) */
	uint64_t woken; /* task/sched.c: TSC of the NMI that it has not followed yet; 0: none
			   (atomic) */
	uint32_t nmi_count;
	uint32_t nmi_done; /* what nmi_count was at the last wake_ready() */
	uint32_t panic_depth;
	uint32_t locks_held; /* lib/lock.h: bit n is set while a lock of rank n is held */
	struct log_cpu log;
	struct ghcb_state *ghcb; /* NULL until the platform has set it up */
	gpa_t host_page;         /* the shared page by which it asks the hypervisor; for tests */
	struct cpu_desc *desc;
	gpa_t own_vmsa;          /* its VMPL0 VMSA; GPA_NONE: the boot CPU's, made by the launch */
	intptr_t area;           /* from a PERCPU variable to this CPU's copy, in bytes */
	struct vcpu_guest guest; /* has its own lock */
};

#define PERCPU            SECTION("svsm_percpu")
#define percpu_of(c, var) ((__typeof__(var))((uintptr_t)(var) + (uintptr_t)(c)->area))
#define percpu_mine(var)  percpu_of(percpu_this(), var)

/* This CPU. Valid once early_main() has set GS, which it does first of all. */
static inline struct cpu *percpu_this(void)
{
	struct cpu *c;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(c));
	return c;
}

unsigned percpu_count(void);
unsigned percpu_guest_count(void);               /* without the service CPUs */
struct cpu *percpu_get(unsigned index);          /* NULL when out of range */
struct cpu *percpu_by_apic_id(uint32_t apic_id); /* NULL when there is none */

/* Boot only. */
struct cpu *percpu_boot(void); /* the static struct of the boot CPU, before GS is set too */
struct cpu *percpu_new(uint32_t apic_id); /* NULL: out of memory, table full, or a duplicate */
void percpu_publish(struct cpu *c);       /* the CPU is up: from now on it can be found */

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-test of the control registers on every CPU: exactly the bits that are asked for, so that
 * none comes from what the launch, the hypervisor or a CPU's reset has left.
 */
#include "base/x86.h"
#include "cpu/percpu.h"
#include "cpu/wait.h"
#include "lib/fmt.h"
#include "platform/platform.h"
#include "selftest/selftest.h"
#include "task/sched.h"

#define LIMIT_MS  60000
#define WANT_CR0  (CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE)
#define WANT_EFER (EFER_SVME | EFER_NXE | EFER_LMA | EFER_LME | EFER_SCE)

struct registers {
	uint64_t cr0, cr4, efer;
};

/* A processor with SNP has all but UMIP for certain. */
static uint64_t wanted_cr4(void)
{
	uint32_t r[4];

	platform->cpuid(7, 0, r);
	return CR4_PAE | CR4_PGE | CR4_PSE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_SMEP |
	       CR4_SMAP | (r[2] & BIT(2) ? CR4_UMIP : 0);
}

static unsigned looked;        /* CPUs, atomic */
static struct registers found; /* every bit that one of them differs by, atomic */

static void look(void)
{
	__atomic_fetch_or(&found.cr0, read_cr0() ^ WANT_CR0, __ATOMIC_RELAXED);
	__atomic_fetch_or(&found.cr4, read_cr4() ^ wanted_cr4(), __ATOMIC_RELAXED);
	__atomic_fetch_or(&found.efer, rdmsr(MSR_EFER) ^ WANT_EFER, __ATOMIC_RELAXED);
	__atomic_fetch_add(&looked, 1, __ATOMIC_ACQ_REL);
}

static bool all_looked(void)
{
	struct patience p = svsm_patience(LIMIT_MS);

	while (__atomic_load_n(&looked, __ATOMIC_ACQUIRE) < percpu_count())
		if (svsm_patience_over(&p))
			return false;
		else
			cpu_relax();
	return true;
}

/* It keeps its CPU until all have looked, so that the next one goes to another. */
static enum sched_step step(void *done)
{
	look();
	all_looked();
	__atomic_store_n((bool *)done, true, __ATOMIC_RELEASE);
	return STEP_WAITS;
}

/* Leaves a task to a CPU that has not looked. It may have been on its way to sleep when it was
 * looked for, so this is done until one has it. */
static bool send(bool *done)
{
	unsigned before = __atomic_load_n(&looked, __ATOMIC_ACQUIRE);
	struct sched_task *t = sched_task_new(step, done);
	struct patience p = svsm_patience(LIMIT_MS);

	if (!t)
		return false;
	sched_wake(t);
	while (__atomic_load_n(&looked, __ATOMIC_ACQUIRE) == before) {
		if (svsm_patience_over(&p))
			return false;
		sched_run(t, done, 0, false);
		cpu_relax();
	}
	return true;
}

SELFTEST(control_registers)
{
	static bool done;

	look();
	while (__atomic_load_n(&looked, __ATOMIC_ACQUIRE) < percpu_count())
		SELFTEST_TRUE(send(&done));
	SELFTEST_EQ(found.cr0, 0);
	SELFTEST_EQ(found.cr4, 0);
	SELFTEST_EQ(found.efer, 0);
	fmt_snprintf(detail, SELFTEST_DETAIL, "CR4 %lx on %u CPUs", read_cr4(), looked);
	return true;
}

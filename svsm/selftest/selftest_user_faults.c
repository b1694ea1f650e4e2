/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-test of user mode: each of these deeds of services/probe/faults.c must end the process by
 * the exception in the table, and must not touch anything else. A row is what the APM says; where
 * QEMU 7.2 differs, the other answer stands beside it.
 */
#include "base/x86.h"
#include "selftest/selftest.h"
#include "selftest/selftest_user.h"
#include "lib/fmt.h"
#include "user/process_run.h"

/* #PF error codes, APM vol. 2, 8.4.2 */
#define P 1u
#define W 2u
#define U 4u
#define I 16u

/* Processors and QEMU differ in what they check first, hence two vectors. VEC_VC means that the
 * hypervisor may have been asked; an SVSM under KVM never gets that. */
static const struct {
	const char *name;
	uint64_t vector, error;
	uint64_t other; /* equally right; 0: none */
} faults[] = {
	{"probe:null-read", VEC_PF, U, 0},
	{"probe:null-write", VEC_PF, W | U, 0},
	{"probe:null-run", VEC_PF, U | I, 0},
	{"probe:kernel-read", VEC_PF, P | U, 0},
	{"probe:kernel-write", VEC_PF, P | W | U, 0},
	{"probe:kernel-run", VEC_PF, P | U | I, 0},
	{"probe:guest-read", VEC_PF, P | U, 0},
	{"probe:gap-read", VEC_GP, 0, 0},
	{"probe:guard-read", VEC_PF, U, 0},
	{"probe:above-stack", VEC_PF, U, 0},
	{"probe:text-write", VEC_PF, P | W | U, 0},
	{"probe:rodata-write", VEC_PF, P | W | U, 0},
	{"probe:data-run", VEC_PF, P | U | I, 0},
	{"probe:stack-run", VEC_PF, P | U | I, 0},
	{"probe:deep", VEC_PF, W | U, 0},
	{"probe:divide", VEC_DE, 0, 0},
	{"probe:step", VEC_DB, 0, 0},
	{"probe:x87", VEC_MF, 0, 0},
	{"probe:avx", VEC_UD, 0, 0},
	{"probe:iret", VEC_GP, 0x08, VEC_PF}, /* QEMU 7.2 pops as ring 0: SMAP */
	{"probe:unmapped-write", VEC_PF, W | U, 0},
	{"probe:protected-write", VEC_PF, P | W | U, 0},
	{"probe:abort", USER_SYSCALL, 0, 0},
	{"probe:wait-for-ever", USER_SYSCALL, 0, 0},
	{"probe:ud2", VEC_UD, 0, 0},
	{"probe:hlt", VEC_GP, 0, 0},
	{"probe:cli", VEC_GP, 0, 0},
	{"probe:sti", VEC_GP, 0, 0},
	{"probe:rdmsr", VEC_GP, 0, 0},
	{"probe:wrmsr", VEC_GP, 0, 0},
	{"probe:ghcb-msr", VEC_GP, 0, 0},
	{"probe:in", VEC_GP, 0, 0},
	{"probe:out", VEC_GP, 0, 0},
	{"probe:ins", VEC_GP, 0, 0},
	{"probe:outs", VEC_GP, 0, 0},
	{"probe:rep-ins", VEC_GP, 0, 0},
	{"probe:rep-outs", VEC_GP, 0, 0},
	{"probe:lock-cpuid", VEC_UD, 0, VEC_VC}, /* QEMU 7.2 lets LOCK pass up to the intercept */
	{"probe:cr0-read", VEC_GP, 0, 0},
	{"probe:cr3-write", VEC_GP, 0, 0},
	{"probe:cr8-write", VEC_GP, 0, 0},
	{"probe:dr7-read", VEC_GP, 0, 0},
	{"probe:invlpg", VEC_GP, 0, 0},
	{"probe:swapgs", VEC_GP, 0, 0},
	{"probe:sysret", VEC_GP, 0, 0},
	{"probe:wbinvd", VEC_GP, 0, 0},
	{"probe:invd", VEC_GP, 0, 0},
	{"probe:dr7-write", VEC_GP, 0, 0},
	{"probe:monitor", VEC_UD, 0, 0},
	{"probe:mwait", VEC_UD, 0, 0},
	{"probe:rdpmc", VEC_GP, 0, VEC_VC},
	/* QEMU 7.2 counts 16 bytes a gate in these error codes */
	{"probe:int3", VEC_GP, 3 * 8 + 2, VEC_GP},
	{"probe:int-nmi", VEC_GP, 2 * 8 + 2, VEC_GP},
	{"probe:int-vc", VEC_GP, 29 * 8 + 2, VEC_GP},
	{"probe:int-timer", VEC_GP, 0xf0 * 8 + 2, VEC_GP},
	{"probe:int-80", VEC_GP, 0x80 * 8 + 2, VEC_GP},
	{"probe:sidt", VEC_GP, 0, 0},
	{"probe:xgetbv", VEC_UD, 0, 0},
	{"probe:wrfsbase", VEC_UD, 0, 0},
	{"probe:vmrun", VEC_GP, 0, VEC_UD},
	{"probe:pvalidate", VEC_GP, 0, VEC_UD},
	{"probe:rmpadjust", VEC_GP, 0, VEC_UD},
	{"probe:vmmcall", VEC_VC, 0x81, VEC_UD},
	{"probe:sysenter", VEC_GP, 0, VEC_UD},
	{"probe:ldt", VEC_GP, 4, 0},
	{"probe:kernel-data", VEC_GP, 0x10, 0},
	{"probe:tss", VEC_GP, 0x28, 0},
	{"probe:bad-rip", VEC_GP, 0, 0},
};

static bool check(unsigned i, char *detail)
{
	struct process *p = selftest_probe(faults[i].name, PROBE_PAGES);
	enum process_stop stop;
	uint64_t vector, error;

	SELFTEST_TRUE(p);
	stop = selftest_run_to_end(p);
	vector = p->regs.vector;
	error = vector == USER_SYSCALL ? 0 : p->regs.error;
	process_destroy(p);
	if (stop == PROCESS_FAULTED && ((vector == faults[i].vector && error == faults[i].error) ||
					(faults[i].other && vector == faults[i].other)))
		return true;
	fmt_snprintf(detail, SELFTEST_DETAIL, "%s: stop %u, vector %lu, error 0x%lx",
		     faults[i].name, stop, vector, error);
	return false;
}

bool selftest_user_faults(char *detail)
{
	for (unsigned i = 0; i < ARRAY_LEN(faults); i++)
		if (!check(i, detail))
			return false;
	fmt_snprintf(detail, SELFTEST_DETAIL, "%lu ways to fault", ARRAY_LEN(faults));
	return true;
}

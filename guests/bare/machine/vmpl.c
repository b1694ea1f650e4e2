/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * VMPL switching: APM vol. 2, 15.36.7 (VMPLs, VMSAs); GHCB, SNP Run VMPL. A stub
 * runs on this vCPU at a lower VMPL, in our page tables, and comes back by RUN_VMPL(0).
 */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/machine/vmplstub.h"
#include "abi/vmsa.h"
#include "lib/string.h"

#define R 6

static struct vmsa *vmsa_page(void)
{
	return (struct vmsa *)VMPLSTUB_VMSA(R);
}

static void stub_build(unsigned vmpl, struct vmplstub *s)
{
	vmplstub_build(R, vmpl, s);
}

static void stub_remove(unsigned vmpl)
{
	vmplstub_remove(R, vmpl);
}

static void stub_run(unsigned vmpl)
{
	uint64_t r = ghcb_msr((uint64_t)vmpl << 32 | GHCB_MSR_RUN_VMPL_REQ);

	ghcb_select();
	CHECK_EQ(r, GHCB_MSR_RUN_VMPL_RESP);
}

TEST(vmpl_switch, "vmpl-switch", "a VMSA of VMPL1, 2 and 3 runs on this vCPU and comes back",
     "ghcb:msr:run-vmpl")
{
	static struct vmplstub s;

	for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
		test_case("VMPL%u", vmpl);
		s = (struct vmplstub){.op = VMPLSTUB_COUNT};
		stub_build(vmpl, &s);
		for (unsigned i = 1; i <= 10; i++) {
			stub_run(vmpl);
			CHECK_EQ(READ_ONCE(s.runs), i);
		}
		stub_remove(vmpl);
	}
}

/* COCONUT registers its guest's first VMSA so. KVM keeps it as the one that waits, and
 * coconut-svsm/linux takes that in __sev_run_vmpl_vmsa(): only the kick is left out. */
TEST(vmpl_run_on_init, "vmpl-run-on-init",
     "RUN_VMPL enters a VMSA that was created on INIT, and no INIT is needed",
     "ghcb:run-vmpl:on-init")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
		test_case("VMPL%u", vmpl);
		s.runs = 0;
		vmplstub_build_by(R, vmpl, &s, GHCB_AP_CREATE_ON_INIT);
		CHECK_EQ(s.runs, 0);
		for (unsigned i = 1; i <= 3; i++) {
			stub_run(vmpl);
			CHECK_EQ(READ_ONCE(s.runs), i);
		}
		stub_remove(vmpl);
		CHECK_NE(ghcb_run_vmpl(vmpl), 0);
	}
}

#define IN_VAIN 1500

/* A loop of them is silent in the guest; the machine tells its user (test_run_vmpl.py). */
TEST(vmpl_in_vain, "vmpl-run-in-vain", "1,500 RUN_VMPLs of a VMPL that has no VMSA, each refused",
     "ghcb:run-vmpl:no-vmsa keelson:run-vmpl:told")
{
	unsigned refused = 0;

	for (unsigned i = 0; i < IN_VAIN; i++)
		refused += ghcb_msr(1ull << 32 | GHCB_MSR_RUN_VMPL_REQ) >> 32 != 0;
	ghcb_select();
	CHECK_EQ(refused, IN_VAIN);
}

TEST(vmpl_run_event, "vmpl-run-event", "RUN_VMPL by the GHCB event does the same as by MSR",
     "ghcb:run-vmpl:event ghcb:run-vmpl:no-vmsa")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	stub_build(2, &s);
	for (unsigned i = 1; i <= 10; i++) {
		CHECK_EQ(ghcb_run_vmpl(2), 0);
		CHECK_EQ(READ_ONCE(s.runs), i);
	}
	CHECK_NE(ghcb_run_vmpl(3), 0);
	CHECK_NE(ghcb_run_vmpl(4), 0);
	stub_remove(2);
}

/* After a switch the VMSA page holds the VMPL's registers, and the next run takes them from it. */
TEST(vmpl_registers, "vmpl-registers",
     "registers of the VMPL left are in its VMSA page, and are taken from it",
     "apm:vmsa:state apm:15.36.9:exit-code")
{
	static struct vmplstub s;
	volatile struct vmsa *v = vmsa_page();

	s = (struct vmplstub){.op = VMPLSTUB_REGISTERS};
	stub_build(2, &s);
	stub_run(2);
	CHECK_EQ(v->rbx, VMPLSTUB_RBX);
	CHECK_EQ(v->rbp, VMPLSTUB_RBP);
	CHECK_EQ(v->rsi, VMPLSTUB_RSI);
	CHECK_EQ(v->r8, VMPLSTUB_R8);
	CHECK_EQ(v->r9, VMPLSTUB_R9);
	CHECK_EQ(v->r15, VMPLSTUB_R15);
	CHECK_EQ(v->vmpl, 2);
	CHECK_EQ(v->cpl, 0);
	CHECK_EQ(v->cr3, read_cr3());
	CHECK_EQ(v->guest_exit_code, 0x403); /* VMGEXIT: 15.36.9, filled at every automatic exit */
	v->rbx = 0x0123456789abcdef;
	v->r9 = 77;
	v->r15 = ~0ull;
	stub_run(2);
	CHECK_EQ(s.rbx, 0x0123456789abcdef);
	CHECK_EQ(s.r9, 77);
	CHECK_EQ(s.r15, ~0ull);
	stub_remove(2);
}

TEST(vmpl_sse, "vmpl-sse", "SSE and x87 state belong to the VMPL", "apm:vmsa:fpu")
{
	static struct vmplstub s;
	static uint64_t mine[2] = {0x1111111122222222, 0x3333333344444444};
	static uint64_t after[2];

	s = (struct vmplstub){.op = VMPLSTUB_SSE};
	stub_build(2, &s);
	__asm__ volatile("movups %0, %%xmm5" : : "m"(mine));
	stub_run(2);
	__asm__ volatile("movups %%xmm5, %0" : "=m"(after));
	CHECK_EQ(after[0], mine[0]);
	CHECK_EQ(after[1], mine[1]);
	stub_run(2);
	CHECK_EQ(s.xmm[0], VMPLSTUB_XMM);
	CHECK_EQ(s.xmm[1], VMPLSTUB_XMM);
	stub_remove(2);
}

static uint64_t xgetbv(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

TEST(vmpl_xcr0, "vmpl-xcr0", "XCR0 belongs to the VMPL, and to its VMSA page", "apm:vmsa:xcr0")
{
	static struct vmplstub s;
	volatile struct vmsa *v = vmsa_page();

	s = (struct vmplstub){.op = VMPLSTUB_XCR0};
	stub_build(2, &s);
	CHECK_EQ(v->xcr0, 1);
	write_cr4(read_cr4() | CR4_OSXSAVE);
	stub_run(2);
	CHECK_EQ(xgetbv(), 1);
	CHECK_EQ(v->xcr0, 3);
	stub_run(2);
	CHECK_EQ(READ_ONCE(s.result), 3);
	__asm__ volatile("xsetbv" : : "c"(0), "a"(3), "d"(0));
	stub_run(2); /* it has 3 again, and waits with that */
	v->xcr0 = 1;
	stub_run(2);
	CHECK_EQ(READ_ONCE(s.result), 1);
	CHECK_EQ(xgetbv(), 3);
	__asm__ volatile("xsetbv" : : "c"(0), "a"(1), "d"(0));
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	stub_remove(2);
}

/* DR0-3 are swapped with SEV_FEATURES[5] only; CR2, FS and GS always: table B-4. */
TEST(vmpl_system, "vmpl-system", "CR2 and FS/GS bases belong to the VMPL", "apm:vmsa:state")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_SYSTEM};
	stub_build(2, &s);
	wrmsr(MSR_GS_BASE, 0x1000);
	wrmsr(MSR_KERNEL_GS_BASE, 0x2000);
	wrmsr(MSR_FS_BASE, 0x3000);
	__asm__ volatile("mov %0, %%cr2" : : "r"(0x4000ull));
	stub_run(2);
	CHECK_EQ(rdmsr(MSR_GS_BASE), 0x1000);
	CHECK_EQ(rdmsr(MSR_KERNEL_GS_BASE), 0x2000);
	CHECK_EQ(rdmsr(MSR_FS_BASE), 0x3000);
	CHECK_EQ(read_cr2(), 0x4000);
	stub_run(2);
	CHECK_EQ(s.rbx, VMPLSTUB_GS);
	CHECK_EQ(s.r9, VMPLSTUB_CR2);
	wrmsr(MSR_GS_BASE, 0);
	wrmsr(MSR_FS_BASE, 0);
	stub_remove(2);
}

struct insn_row {
	const char *name;
	uint64_t attributes;
	uint32_t result;
};

/* Only for a numerically higher VMPL, and only rights that VMPL2 has: APM vol. 2, 15.36.7. */
static const struct insn_row vmpl2_adjust[] = {
	{"VMPL0", RMPADJUST_ATTR(0, RMP_RWX), SNP_FAIL_PERMISSION},
	{"VMPL1", RMPADJUST_ATTR(1, RMP_R), SNP_FAIL_PERMISSION},
	{"VMPL2", RMPADJUST_ATTR(2, RMP_RWX), SNP_FAIL_PERMISSION},
	{"VMPL3, rights it has", RMPADJUST_ATTR(3, RMP_R | RMP_W), SNP_SUCCESS},
	{"VMPL3, a right it lacks", RMPADJUST_ATTR(3, RMP_R | RMP_XU), SNP_FAIL_PERMISSION},
	{"VMPL4", RMPADJUST_ATTR(4, 0), SNP_FAIL_INPUT},
};

TEST(vmpl2_rmpadjust, "vmpl2-rmpadjust", "RMPADJUST at VMPL2: lower levels only, own rights only",
     "apm:rmpadjust:level apm:rmpadjust:rights apm:rmpadjust:input")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_RMPADJUST, .address = MEM_PAGE(R, 7)};
	stub_build(2, &s);
	REQUIRE_EQ(rmpadjust(MEM_PAGE(R, 7), RMP_PG_4K, RMPADJUST_ATTR(2, RMP_R | RMP_W)), 0);
	for (unsigned i = 0; i < ARRAY_LEN(vmpl2_adjust); i++) {
		test_case("target %s", vmpl2_adjust[i].name);
		s.attributes = vmpl2_adjust[i].attributes;
		stub_run(2);
		CHECK_EQ(s.vector, 0xff);
		CHECK_EQ(s.result, vmpl2_adjust[i].result);
	}
	stub_remove(2);
}

/* Validation is VMPL0's alone: APM vol. 3, PVALIDATE. */
TEST(vmpl2_pvalidate, "vmpl2-pvalidate",
     "PVALIDATE at VMPL2 changes nothing: #GP or FAIL_PERMISSION", "apm:pvalidate:vmpl0")
{
	static struct vmplstub s;
	bool cf;

	s = (struct vmplstub){.op = VMPLSTUB_PVALIDATE, .address = MEM_PAGE(R, 7)};
	stub_build(2, &s);
	stub_run(2);
	if (s.vector == 0xff)
		CHECK_EQ(s.result, SNP_FAIL_PERMISSION);
	else
		CHECK_EQ(s.vector, VEC_GP);
	CHECK_EQ(pvalidate(MEM_PAGE(R, 7), RMP_PG_4K, 1, &cf), SNP_SUCCESS);
	CHECK_EQ(cf, true); /* the stub asked to rescind it */
	stub_remove(2);
}

/* DR0-3 are not part of the VMSA without SEV_FEATURES[5]; PAT, STAR and friends always are. */
TEST(vmpl_msrs, "vmpl-msrs",
     "SYSCALL and SYSENTER registers in the VMSA page are those of the VMPL", "apm:vmsa:state")
{
	static struct vmplstub s;
	volatile struct vmsa *v = vmsa_page();

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	stub_build(2, &s);
	wrmsr(MSR_LSTAR, 0x123000);
	wrmsr(MSR_STAR, 0x1234567800000000);
	v->lstar = 0x456000;
	v->kernel_gs_base = 0x789000;
	stub_run(2);
	CHECK_EQ(v->lstar, 0x456000);
	CHECK_EQ(v->kernel_gs_base, 0x789000);
	CHECK_EQ(v->star, 0);
	CHECK_EQ(rdmsr(MSR_LSTAR), 0x123000);
	CHECK_EQ(rdmsr(MSR_STAR), 0x1234567800000000);
	wrmsr(MSR_LSTAR, 0);
	wrmsr(MSR_STAR, 0);
	stub_remove(2);
}

TEST(vmpl_vmsa_cpl, "vmpl-vmsa-fields", "CPL, VMPL and RFLAGS are written back with the registers",
     "apm:vmsa:state")
{
	static struct vmplstub s;
	volatile struct vmsa *v = vmsa_page();

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	stub_build(2, &s);
	stub_run(2);
	CHECK_EQ(v->cpl, 0);
	CHECK_EQ(v->vmpl, 2);
	CHECK_EQ(v->rflags & RFLAGS_IF, 0);
	CHECK_EQ(v->rflags & RFLAGS_R1, RFLAGS_R1);
	CHECK_EQ(v->cr0, read_cr0());
	CHECK_EQ(v->cr4, read_cr4());
	CHECK_EQ(v->efer & EFER_SVME, EFER_SVME);
	CHECK_EQ(v->cs.selector, 0x08);
	CHECK_EQ(v->sev_features, snp_features());
	stub_remove(2);
}

/* 15.36.15: 0 asks for a flush at the next VMRUN of this VMSA, another value says that it was done.
 */
TEST(vmpl_pcpu_id, "vmpl-pcpu-id",
     "PCPU_ID of a VMSA: 0 stays until it runs, then is another value", "apm:15.36.15:pcpu-id")
{
	static struct vmplstub s;
	volatile struct vmsa *v = vmsa_page();

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	stub_build(2, &s);
	for (unsigned i = 0; i < 5; i++) {
		CHECK_EQ(v->pcpu_id, 0);
		stub_run(2);
		CHECK_NE(v->pcpu_id, 0);
		v->pcpu_id = 0;
	}
	CHECK_EQ(s.runs, 5);
	stub_remove(2);
}

static volatile bool reads;

static void grant_late(void *arg)
{
	uint64_t end;

	while (!reads)
		cpu_relax();
	end = rdtsc() + smp_ticks(1) / 100;
	while (rdtsc() < end)
		cpu_relax();
	CHECK_EQ(rmpadjust((uint64_t)arg, RMP_PG_4K, RMPADJUST_ATTR(2, RMP_R)), SNP_SUCCESS);
}

/*
 * Without the right to read: #VMEXIT(NPF) (table 15-36), after which the hypervisor lets the guest
 * try again. An SVSM may give a right, or rescind the page, on another vCPU meanwhile.
 */
TEST(vmpl_right_late, "vmpl-right-late",
     "an access that the VMPL has no right to is made when it is given the right", "apm:15-36:read")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_READ, .address = MEM_PAGE(R, 7)};
	reads = false;
	smp_start();
	stub_build(2, &s);
	*(volatile uint64_t *)MEM_PAGE(R, 7) = VMPLSTUB_RBX;
	REQUIRE_EQ(rmpadjust(MEM_PAGE(R, 7), RMP_PG_4K, RMPADJUST_ATTR(2, 0)), 0);
	smp_run(grant_late, (void *)MEM_PAGE(R, 7));
	reads = true;
	stub_run(2);
	CHECK_EQ(s.runs, 1);
	CHECK_EQ(s.result, VMPLSTUB_RBX);
	CHECK(smp_wait(10));
	stub_remove(2);
}

/* Each VMPL counts on, and sees what the other has written. */
TEST(vmpl_pingpong, "vmpl-pingpong", "2,000 switches keep both levels' state", "apm:vmsa:state")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	stub_build(2, &s);
	for (unsigned i = 1; i <= 2000; i++) {
		stub_run(2);
		if (READ_ONCE(s.runs) != i)
			break;
	}
	CHECK_EQ(s.runs, 2000);
	stub_remove(2);
}

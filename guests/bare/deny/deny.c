/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * VMPL permissions, enforced: a payload at VMPL0 gives VMPL2 some rights on a page, and a stub at
 * VMPL2 makes an access that needs another one. That is a #VMEXIT(NPF) (APM vol. 2, table 15-36),
 * which can only end the guest: the tests named deny-* announce that. In those named allow-* the
 * stub has the right that it needs, and they go on. And what a second vCPU at VMPL0 cannot do with
 * the VMSA that it runs on; and what a device cannot do.
 */
#include "bare/lib/bare.h"
#include "bare/machine/region.h"
#include "bare/machine/vmplstub.h"
#include "bare/lib/edu.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "abi/vmsa.h"
#include "lib/fmt.h"

#define R      6
#define VMSA   MEM_PAGE(R, 1)
#define STACK  MEM_PAGE(R, 4)
#define TARGET MEM_PAGE(R, 7)

static struct vmplstub stub;

static void prepare(uint8_t rights)
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 8));
	*(volatile uint8_t *)TARGET = 0xc3;
	smp_fill_vmsa((struct vmsa *)VMSA, 0, 2, vmplstub_entry, &stub, STACK);
	for (unsigned i = 2; i < 4; i++)
		REQUIRE_EQ(rmpadjust(MEM_PAGE(R, i), RMP_PG_4K, RMPADJUST_ATTR(2, RMP_RWX)), 0);
	REQUIRE_EQ(rmpadjust(TARGET, RMP_PG_4K, RMPADJUST_ATTR(2, rights)), 0);
	REQUIRE(region_image_rights(2, RMP_RWX));
	REQUIRE_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	REQUIRE_EQ(ghcb_ap_create(percpu()->apic_id, 2, GHCB_AP_CREATE, VMSA, snp_features()), 0);
}

static void run(uint8_t rights, enum vmplstub_op op, bool denied)
{
	stub = (struct vmplstub){.op = op, .address = TARGET};
	prepare(rights);
	if (denied)
		test_must_end(TEST_END_GUEST, "VMPL 2\tno permission");
	ghcb_msr(2ull << 32 | GHCB_MSR_RUN_VMPL_REQ);
	ghcb_select();
	CHECK_EQ(stub.runs, 1);
	CHECK_EQ(ghcb_ap_create(percpu()->apic_id, 2, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_image_rights(2, 0));
	CHECK(region_reset(R));
}

TEST(allow_read, "allow-read", "R: read", "apm:15-36:read")
{
	run(RMP_R, VMPLSTUB_READ, false);
}

TEST(allow_write, "allow-write", "RW: write", "apm:15-36:write")
{
	run(RMP_R | RMP_W, VMPLSTUB_WRITE, false);
}

TEST(allow_exec, "allow-execute", "R and supervisor execute: execute at CPL 0", "apm:15-36:execute")
{
	run(RMP_R | RMP_XS, VMPLSTUB_EXECUTE, false);
}

TEST(deny_read, "deny-read", "no right at all: read", "apm:15-36:read")
{
	run(0, VMPLSTUB_READ, true);
}

TEST(deny_write, "deny-write", "R: write", "apm:15-36:write")
{
	run(RMP_R, VMPLSTUB_WRITE, true);
}

TEST(deny_exec, "deny-execute", "RW: execute", "apm:15-36:execute")
{
	run(RMP_R | RMP_W, VMPLSTUB_EXECUTE, true);
}

TEST(deny_exec_user, "deny-execute-user-only", "user execute only: execute at CPL 0",
     "apm:15-36:execute")
{
	run(RMP_R | RMP_W | RMP_XU, VMPLSTUB_EXECUTE, true);
}

/* Rights to write without rights to read are not legal: any access to data exits (15.36.7). */
TEST(deny_write_only, "deny-write-only", "W without R: write", "apm:15-36:write-only")
{
	run(RMP_W, VMPLSTUB_WRITE, true);
}

/* A VMSA of VMPL2 that would run, as the allow-* tests show, for a test to spoil. */
static struct vmsa *sound(void)
{
	stub = (struct vmplstub){.op = VMPLSTUB_COUNT};
	prepare(0);
	return (struct vmsa *)VMSA;
}

static void expect_refused(void)
{
	test_must_end(TEST_END_GUEST, "VMPL 2\tVMRUN refused");
	ghcb_msr(2ull << 32 | GHCB_MSR_RUN_VMPL_REQ);
	ghcb_select();
	CHECK_EQ(stub.runs, 0);
}

/* VMRUN refuses a VMSA without EFER.SVME: APM vol. 2, 15.5.1. An SVSM stops a vCPU that way. */
TEST(deny_svme, "deny-svme", "a VMSA whose EFER.SVME was cleared", "apm:vmrun:svme")
{
	sound()->efer &= ~EFER_SVME;
	expect_refused();
}

/* And a state that no processor can have: APM vol. 2, 15.5.1, the list of illegal state. */
#define CS_D BIT(10) /* in struct vmsa_seg */

TEST(deny_cr0_nw, "deny-cr0-nw", "CR0.NW without CR0.CD", "apm:vmrun:state")
{
	struct vmsa *v = sound();

	v->cr0 = (v->cr0 & ~CR0_CD) | CR0_NW;
	expect_refused();
}

TEST(deny_cr0_high, "deny-cr0-high", "an upper bit of CR0", "apm:vmrun:state")
{
	sound()->cr0 |= BIT(32);
	expect_refused();
}

TEST(deny_cr3, "deny-cr3", "a reserved bit of CR3", "apm:vmrun:state")
{
	sound()->cr3 |= BIT(62);
	expect_refused();
}

TEST(deny_cr4, "deny-cr4", "a reserved bit of CR4", "apm:vmrun:state")
{
	sound()->cr4 |= BIT(31);
	expect_refused();
}

TEST(deny_dr6, "deny-dr6", "an upper bit of DR6", "apm:vmrun:state")
{
	sound()->dr6 |= BIT(32);
	expect_refused();
}

TEST(deny_dr7, "deny-dr7", "an upper bit of DR7", "apm:vmrun:state")
{
	sound()->dr7 |= BIT(32);
	expect_refused();
}

TEST(deny_efer, "deny-efer", "a reserved bit of EFER", "apm:vmrun:state")
{
	sound()->efer |= BIT(31);
	expect_refused();
}

TEST(deny_no_pae, "deny-no-pae", "long mode and paging without CR4.PAE", "apm:vmrun:state")
{
	sound()->cr4 &= ~CR4_PAE;
	expect_refused();
}

TEST(deny_no_pe, "deny-no-pe", "long mode and paging without CR0.PE", "apm:vmrun:state")
{
	sound()->cr0 &= ~CR0_PE;
	expect_refused();
}

TEST(deny_cs, "deny-cs", "CS.L with CS.D", "apm:vmrun:state")
{
	sound()->cs.attrib |= CS_D;
	expect_refused();
}

static void spin(void *arg)
{
	(void)arg;
	for (;;)
		cpu_relax();
}

static void wait_for_the_end(void)
{
	struct patience p = smp_patience(10);

	while (!smp_patience_over(&p))
		cpu_relax();
}

/* VMRUN wants a VMSA page: 15.36.12. The attribute can be taken at any #VMEXIT of its vCPU, which
 * cannot go on from there. */
TEST(deny_vmsa_gone, "deny-vmsa-gone", "a running vCPU whose page is no VMSA any more",
     "apm:15.36.12:in-use")
{
	smp_start();
	smp_run(spin, NULL);
	test_must_end(TEST_END_SVSM, "vCPU 1 VMPL 0\tno VMSA that can be run");
	CHECK_EQ(rmpadjust(smp_vmsa(), RMP_PG_4K, RMPADJUST_ATTR(1, 0)), SNP_SUCCESS);
	wait_for_the_end();
	CHECK_FAILED("the run has not ended");
}

#define TRIES 100

/*
 * How an SVSM keeps a vCPU that runs from running on (58019, 6.4): what is written into its VMSA is
 * lost when the #VMEXIT writes the state back, so it clears EFER.SVME, sees by RMPADJUST that the
 * vCPU was out of its guest, and looks whether the bit is still clear.
 */
static bool clear_svme(volatile struct vmsa *v)
{
	for (unsigned i = 0; i < TRIES; i++) {
		v->efer &= ~EFER_SVME;
		REQUIRE_EQ(rmpadjust(smp_vmsa(), RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA),
			   SNP_SUCCESS);
		if (!(v->efer & EFER_SVME))
			return true;
	}
	return false;
}

TEST(deny_svme_running, "deny-svme-running", "a running vCPU in whose VMSA EFER.SVME is cleared",
     "apm:vmrun:svme apm:15.36.12:in-use")
{
	smp_start();
	smp_run(spin, NULL);
	test_must_end(TEST_END_SVSM, "vCPU 1 VMPL 0\tVMRUN refused");
	CHECK(clear_svme((volatile struct vmsa *)smp_vmsa()));
	wait_for_the_end();
	CHECK_FAILED("the run has not ended");
}

static void adjust_own(void *arg)
{
	(void)arg;
	rmpadjust(smp_vmsa(), RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA);
}

/* In use whenever the instruction is tried: a processor would try for ever. */
TEST(deny_vmsa_own, "deny-vmsa-own", "RMPADJUST of the VMSA that the vCPU itself runs on",
     "apm:15.36.12:in-use")
{
	smp_start();
	test_must_end(TEST_END_SVSM, "vCPU 1 VMPL 0\tthe VMSA that it runs on");
	smp_run(adjust_own, NULL);
	wait_for_the_end();
	CHECK_FAILED("the run has not ended");
}

void bare_main(void)
{
	test_main("deny");
}

/* The end comes by an interrupt on another CPU, whose thread may have to wait for the host. */
static void await_end(void)
{
	struct patience p = smp_patience(10);

	while (!smp_patience_over(&p))
		cpu_relax();
}

/* In a strict run a device that is refused ends it, as the interrupt of an IOMMU's event log is the
 * host's. */
TEST(deny_dma, "deny-dma", "a device writes a private page, which a strict run does not outlive",
     "apm:15.36.10:device")
{
	char line[80];

	fmt_scnprintf(line, sizeof(line), "device %s may not write 0x%llx\tprivate, validated",
		      edu_init(), MEM_PAGE(R, 2));
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 2, 1));
	test_must_end(TEST_END_GUEST, line);
	edu_store(MEM_PAGE(R, 2));
	await_end();
}

TEST(deny_dma_read, "deny-dma-read",
     "a device reads a private page, which a strict run does not outlive", "apm:15.36.10:device")
{
	char line[80];

	fmt_scnprintf(line, sizeof(line), "device %s may not read 0x%llx\tprivate, not validated",
		      edu_init(), MEM_PAGE(R, 2));
	REQUIRE(region_reset(R));
	test_must_end(TEST_END_GUEST, line);
	edu_fetch(MEM_PAGE(R, 2));
	await_end();
}

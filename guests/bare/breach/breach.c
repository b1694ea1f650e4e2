/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a guest at VMPL2 must not get away with. The processor makes a #VMEXIT(NPF) of each of these
 * accesses (APM vol. 2, tables 15-36 and 15-39), and a hypervisor can do no more than end the
 * guest. So each test announces that, and has failed when the guest goes on or ends otherwise.
 */
#include "bare/lib/bare.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/svsm.h"
#include "bare/lib/test.h"

#define PAGE MEM_PAGE(0, 1)

/* Why the machine will say that it ended this VMPL: */
#define NO_PERMISSION "VMPL 2\tno permission"
#define NOT_SHARED    "VMPL 2\tshared access to a private page"

static void went_on(void)
{
	CHECK_FAILED("the guest went on");
}

static void read_at(const void *p)
{
	uint64_t v = *(const volatile uint64_t *)p;

	test_log("read 0x%llx", (unsigned long long)v);
	went_on();
}

static void write_at(void *p)
{
	*(volatile uint64_t *)p = 1;
	went_on();
}

TEST(shared_read, "shared-read-of-private", "C-bit clear on a private page", "apm:15-39:c-bit")
{
	test_must_end(TEST_END_GUEST, NOT_SHARED);
	read_at(paging_shared(PAGE));
}

TEST(shared_write, "shared-write-of-private", "C-bit clear on a private page, write",
     "apm:15-39:c-bit")
{
	test_must_end(TEST_END_GUEST, NOT_SHARED);
	write_at(paging_shared(PAGE));
}

TEST(svsm_read, "svsm-read", "a page of the SVSM, read", "svsm:4:range apm:15-36:read")
{
	test_must_end(TEST_END_GUEST, NO_PERMISSION);
	read_at(paging_private(MEM_SVSM));
}

TEST(svsm_write, "svsm-write", "a page of the SVSM, written", "svsm:4:range apm:15-36:write")
{
	test_must_end(TEST_END_GUEST, NO_PERMISSION);
	write_at(paging_private(MEM_SVSM + 0x100000));
}

TEST(svsm_shared, "svsm-shared-read", "a page of the SVSM through the shared alias",
     "apm:15-39:c-bit")
{
	test_must_end(TEST_END_GUEST, NOT_SHARED);
	read_at(paging_shared(MEM_SVSM));
}

TEST(svsm_exec, "svsm-execute", "a page of the SVSM, executed", "svsm:4:range apm:15-36:execute")
{
	test_must_end(TEST_END_GUEST, NO_PERMISSION);
	((void (*)(void))paging_private(MEM_SVSM))();
	went_on();
}

TEST(vmsa_exec, "vmsa-execute", "the VMSA page of a vCPU, executed", "apm:15-39:vmsa")
{
	smp_start();
	test_must_end(TEST_END_GUEST, NO_PERMISSION);
	((void (*)(void))paging_private(smp_vmsa()))();
	went_on();
}

TEST(vmsa_write, "vmsa-write", "the VMSA page of a vCPU, written", "apm:15-39:vmsa")
{
	smp_start();
	test_must_end(TEST_END_GUEST, NO_PERMISSION);
	write_at(paging_private(smp_vmsa()));
}

TEST(deposited, "deposited-read", "a page that was deposited with the SVSM", "svsm:6.5:owned")
{
	static uint64_t list[2] ALIGNED(16);

	list[0] = 1;
	list[1] = PAGE;
	REQUIRE_EQ(svsm(SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_DEPOSIT_MEM), (uint64_t)list, 0, 0, 0),
		   SVSM_SUCCESS);
	test_must_end(TEST_END_GUEST, NO_PERMISSION);
	read_at(paging_private(PAGE));
}

TEST(ghcb_private, "ghcb-private", "VMGEXIT with a GHCB in private memory", "keelson:ghcb-private")
{
	test_must_end(TEST_END_GUEST, "VMPL 2\tnot shared memory");
	wrmsr(MSR_GHCB, PAGE);
	vmgexit();
	ghcb_select();
	went_on();
}

TEST(msr_unknown, "msr-unknown", "an MSR protocol request that does not exist", "ghcb:msr:unknown")
{
	test_must_end(TEST_END_GUEST, "VMPL 2\t0xabc");
	ghcb_msr(0xabc);
	ghcb_select();
	went_on();
}

TEST(ghcb_terminate_event, "terminate-event", "termination asked for by the GHCB event",
     "ghcb:nae:termination")
{
	test_must_end(TEST_END_GUEST, "VMPL 2\tterminated");
	ghcb_exit(ghcb_begin(), GHCB_EXIT_TERMINATE, 0, 0);
	went_on();
}

void bare_main(void)
{
	test_main("breach");
}

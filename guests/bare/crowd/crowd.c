/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * All vCPUs at once. Each one that is made here has its pages in one block and works with these
 * alone, so what it meets others at is the SVSM's and the machine's: their locks, their flushes of
 * other CPUs, the service of 58019's calls on as many CPUs as there are.
 */
#include "bare/lib/ghcb.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/percpu.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/svsm.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define MEMBERS_MAX 95
#define PAGES       8 /* a member's block: VMSA, calling area, list, a page to work on, a stack */
#define IN_REGION   60
#define ROUNDS      4

struct member {
	uint64_t vmsa, caa, list, page, stack_top;
	uint32_t calls;  /* that were served as they have to be */
	uint32_t result; /* of the first one that was not */
	uint32_t done;
};

static struct member members[MEMBERS_MAX];

/* 1 is added, because no VMSA may lie at a 2M boundary. */
static uint64_t block(unsigned i)
{
	return MEM_PAGE(i / IN_REGION, 1 + i % IN_REGION * PAGES);
}

/* 58019, 6.2: one entry of 4K. What may be asked again is asked again. */
static uint32_t validate(struct member *m, bool valid)
{
	struct svsm_pvalidate_list *l = (void *)m->list;
	struct svsm_call c;

	do {
		c = (struct svsm_call){.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE),
				       .rcx = m->list};
		l->count = 1;
		l->next = 0;
		l->entry[0] = SVSM_ENTRY(m->page, RMP_PG_4K, valid);
		svsm_call_raw(&c, (struct svsm_caa *)m->caa, 1);
	} while (c.pending || c.rax == SVSM_ERR_INCOMPLETE || c.rax == SVSM_ERR_BUSY);
	return (uint32_t)c.rax;
}

/* What each member runs. None waits for another: under QEMU 64 CPUs that spin leave nothing to the
 * one that they wait for. */
static void work(void *arg)
{
	struct member *m = arg;

	for (unsigned i = 0; i < 2 * ROUNDS && !m->result; i++) {
		m->result = validate(m, i & 1);
		m->calls += !m->result;
	}
	__atomic_store_n(&m->done, 1, __ATOMIC_RELEASE);
	for (;;)
		__asm__ volatile("hlt");
}

static uint32_t apic_id(unsigned i)
{
	return percpu()->apic_id + 1 + i;
}

/* All members use the descriptors of vCPU 1: none of them takes an exception. */
static void create(unsigned i)
{
	uint64_t at = block(i);
	struct member *m = &members[i];

	*m = (struct member){.vmsa = at,
			     .caa = at + PAGE_SIZE,
			     .list = at + 2 * PAGE_SIZE,
			     .page = at + 3 * PAGE_SIZE,
			     .stack_top = at + PAGES * PAGE_SIZE};
	memset((void *)m->caa, 0, PAGE_SIZE);
	smp_fill_vmsa((struct vmsa *)m->vmsa, 1, VMPL_GUEST, work, m, m->stack_top);
	REQUIRE(vmpl_vmsa_create(m->vmsa, m->caa, apic_id(i)));
}

/* Soon after each other, since nothing else is left to do: all calls are made at once. */
static void start(unsigned i)
{
	REQUIRE_EQ(ghcb_ap_create(apic_id(i), VMPL_GUEST, GHCB_AP_CREATE, members[i].vmsa,
				  snp_features()),
		   0);
}

/* Bounds are long: a host may run 64 vCPUs on two cores. */
static bool all_done(unsigned n)
{
	struct patience p = smp_patience(60);

	for (unsigned i = 0; i < n;) {
		if (__atomic_load_n(&members[i].done, __ATOMIC_ACQUIRE))
			i++;
		else if (smp_patience_over(&p))
			return false;
		else
			cpu_relax();
	}
	return true;
}

static void delete_member(unsigned i)
{
	CHECK_EQ(ghcb_ap_create(apic_id(i), VMPL_GUEST, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK(vmpl_vmsa_delete(members[i].vmsa));
}

TEST(all_at_once, "all-at-once",
     "every vCPU of the machine is created, calls while all others do, and is deleted",
     "svsm:6.3:create svsm:6.4:delete keelson:vcpus")
{
	unsigned n = vmpl_vcpus() - 1;

	REQUIRE(n > 1 && n <= MEMBERS_MAX);
	percpu_area[1] = (struct percpu){.index = 1};
	for (unsigned i = 0; i < n; i++)
		create(i);
	for (unsigned i = 0; i < n; i++)
		start(i);
	REQUIRE(all_done(n));
	for (unsigned i = 0; i < n; i++) {
		test_case("vCPU %u", i + 1);
		CHECK_EQ(members[i].result, SVSM_SUCCESS);
		CHECK_EQ(members[i].calls, 2 * ROUNDS);
		delete_member(i);
	}
}

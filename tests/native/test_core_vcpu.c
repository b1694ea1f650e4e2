/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The core protocol's calls that concern vCPUs (58019, 6.1, 6.3 and 6.4), from the guest's side,
 * and two vCPUs that race (fake.h).
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c svsm/mm/pagestate.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c svsm/protocols/dispatch.c svsm/protocols/buffer.c
 * sources: svsm/protocols/core.c svsm/protocols/mem_available.c svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c
 * libs: -lpthread
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"

TEST(remap_ca)
{
	uint8_t *area;

	fake_setup();
	area = fake_mem(AT(3));
	area[0] = 1;
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(3), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(fake_cpus[0].guest.caa.v, AT(3));
	CHECK_EQ(*(uint8_t *)fake_mem(CAA(0)), 0); /* 58019, 6.1; Linux looks at the old one */
	CHECK_EQ(*(uint8_t *)fake_mem(AT(3)), 0);
	CHECK_EQ(fake_pvalidate(0, AT(3) | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_pvalidate(0, CAA(0) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(3), 0, 0), SVSM_SUCCESS); /* the same again */
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(3) + 8, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, BASE, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(600), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, VMSA(1), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, CAA(1), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, ~PAGE_MASK, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	fake_check_agreement();
}

static uint64_t create(uint64_t vmsa, uint64_t caa, uint64_t apic_id)
{
	return fake_call(0, SVSM_CORE_CREATE_VCPU, vmsa, caa, apic_id);
}

static uint64_t delete_vcpu(unsigned cpu, uint64_t vmsa)
{
	return fake_call(cpu, SVSM_CORE_DELETE_VCPU, vmsa, 0, 0);
}

TEST(create_and_delete_vcpu)
{
	fake_setup();
	fake_write_vmsa(AT(20));
	/* as Linux does when a CPU comes back: same calling area, new VMSA, then the old one goes
	 */
	CHECK_EQ(create(AT(20), CAA(1), 2), SVSM_SUCCESS);
	CHECK_EQ(fake_cpus[1].guest.vmsa.v, AT(20));
	CHECK_EQ(fake_guests[1], 1);
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_SUCCESS);
	CHECK_EQ(fake_state(504 + 1 + PFNS_2M), PAGE_CAA);
	CHECK_EQ(fake_cpus[1].guest.vmsa.v, AT(20));
	CHECK_EQ(fake_pvalidate(0, AT(20) | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	CHECK(fake_enter(AT(20)));
	CHECK_EQ(delete_vcpu(0, AT(20)), SVSM_ERR_DELETE_INUSE);
	CHECK(!fake_entry(gpa(AT(20)))->running);
	CHECK_EQ(delete_vcpu(0, AT(20)), SVSM_SUCCESS);
	CHECK(gpa_eq(fake_cpus[1].guest.vmsa, GPA_NONE));
	CHECK_EQ(fake_state(504 + 1 + PFNS_2M), PAGE_VALID);
	CHECK_EQ(delete_vcpu(0, AT(20)), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(delete_vcpu(0, AT(20) + 1), SVSM_ERR_INVALID_PARAMETER);
	fake_check_agreement();
}

static void *look_for_a_call(void *arg)
{
	usleep(1000);
	vmsa_registry_release(gpa(VMSA(1)));
	return arg;
}

/* Its own vCPU claims a VMSA while it looks whether it was called: one whose guest the hypervisor
 * has not been given yet does so again and again. That is no use of it. */
TEST(a_vcpu_that_only_looks_is_deleted)
{
	struct vmsa_entry e;
	pthread_t t;

	fake_setup();
	fake_khz = 1000000000; /* long enough for the host to run the other thread */
	CHECK_EQ(vmsa_registry_claim(gpa(VMSA(1)), &e), VMSA_CLAIMED);
	CHECK_EQ(pthread_create(&t, NULL, look_for_a_call, NULL), 0);
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_SUCCESS);
	pthread_join(t, NULL);
	fake_check_agreement();
}

TEST(a_vcpu_in_a_call_is_not_deleted)
{
	struct vmsa_entry e;

	fake_setup();
	CHECK_EQ(vmsa_registry_claim(gpa(VMSA(1)), &e), VMSA_CLAIMED);
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_ERR_DELETE_INUSE);
	vmsa_registry_release(gpa(VMSA(1)));
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_SUCCESS);
	fake_check_agreement();
}

/* 58019, 6.4: SVME is cleared first, and that tells, whatever RMPADJUST answers for a VMSA in use.
 */
TEST(a_running_vcpu_is_not_deleted)
{
	const struct vmsa *v = fake_mem(VMSA(1));

	fake_setup();
	CHECK(fake_enter(VMSA(1)));
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_ERR_DELETE_INUSE);
	CHECK_EQ(v->efer, EFER_SVME);
	fake_check_agreement();
	CHECK_EQ(fake_call(1, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	/* the barrier fails: nobody knows, so it counts as running */
	fake_fail_barrier = 2; /* behind the call's own */
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_ERR_DELETE_INUSE);
	CHECK_EQ(v->efer, EFER_SVME);
	fake_fail_adjust = 1;
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_ERR_PROTOCOL_BASE + SNP_FAIL_PERMISSION);
	CHECK_EQ(v->efer, EFER_SVME);
	fake_check_agreement();
	CHECK_EQ(fake_call(1, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_SUCCESS);
	CHECK(!fake_enter(VMSA(1)));
}

/* 58019, 6.4: not the startup vCPU, whoever asks. */
TEST(the_startup_vcpu_is_not_deleted)
{
	fake_setup();
	CHECK_EQ(delete_vcpu(0, VMSA(0)), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(delete_vcpu(1, VMSA(0)), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	fake_check_agreement();
}

/* 58019, 6.4: then there is no result, because there is nobody to have one. */
TEST(a_vcpu_deletes_itself)
{
	struct vmsa *v = fake_mem(VMSA(1));
	struct fake_rmp *e = fake_entry(gpa(VMSA(1)));

	fake_setup();
	v->guest_exit_code = 0x403;
	v->rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_DELETE_VCPU);
	v->rcx = VMSA(1);
	*(uint8_t *)fake_mem(CAA(1)) = 1;
	svsm_request(&fake_cpus[1]);
	CHECK_EQ(v->rax, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_DELETE_VCPU));
	CHECK_EQ(v->efer, 0);
	CHECK_EQ(*(uint8_t *)fake_mem(CAA(1)), 1);
	CHECK(!e->vmsa && e->perms[1] == RMP_RWX && e->perms[2] == RMP_RWX);
	CHECK(gpa_eq(fake_cpus[1].guest.vmsa, GPA_NONE));
	fake_check_agreement();
	svsm_request(&fake_cpus[1]); /* nothing to serve */
	CHECK_EQ(delete_vcpu(0, VMSA(1)), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(fake_pvalidate(0, CAA(1) | OP_RESCIND), SVSM_SUCCESS);
	/* and runs again with a new one */
	fake_write_vmsa(VMSA(1));
	CHECK_EQ(create(VMSA(1), AT(21), 2), SVSM_SUCCESS);
	CHECK_EQ(fake_call(1, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	fake_check_agreement();
}

/* Two VMSAs of one vCPU: the newer one is deleted, so the older one is run and served again. */
TEST(an_older_vmsa_is_current_again)
{
	fake_setup();
	fake_write_vmsa(AT(20));
	CHECK_EQ(create(AT(20), AT(21), 1), SVSM_SUCCESS);
	CHECK_EQ(fake_cpus[0].guest.vmsa.v, AT(20));
	CHECK_EQ(delete_vcpu(1, AT(20)), SVSM_SUCCESS);
	CHECK_EQ(fake_cpus[0].guest.vmsa.v, VMSA(0));
	CHECK_EQ(fake_cpus[0].guest.caa.v, CAA(0));
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	fake_check_agreement();
}

TEST(a_vcpu_that_cannot_delete_itself_goes_on)
{
	fake_setup();
	fake_fail_adjust = 1;
	CHECK_EQ(delete_vcpu(1, VMSA(1)), SVSM_ERR_PROTOCOL_BASE + SNP_FAIL_PERMISSION);
	CHECK_EQ(fake_call(1, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	fake_check_agreement();
}

/* What the processor writes, and what says that a call is pending, is not the creator's to make up.
 */
TEST(a_vcpu_that_never_ran_has_not_called)
{
	struct vmsa *v;

	fake_setup();
	fake_write_vmsa(AT(20));
	v = fake_mem(AT(20));
	v->guest_exit_code = 0x403;
	v->rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL);
	v->rcx = 1;
	memset(fake_mem(AT(21)), 1, 16);
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_SUCCESS);
	svsm_request(&fake_cpus[2]); /* as when an NMI wakes it */
	CHECK_EQ(v->rax, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL));
	CHECK_EQ(v->rcx, 1);
	CHECK_EQ(v->guest_exit_code, 0);
	CHECK_EQ(*(uint64_t *)fake_mem(AT(21)), 0);
	CHECK_EQ(*(uint64_t *)fake_mem(AT(21) + 8), 0x0101010101010101ull);
}

/* 58019, 5 and 6.3 */
TEST(create_vcpu_refuses_arguments)
{
	const struct {
		uint64_t vmsa, caa, apic_id, rax;
	} t[] = {
		{AT(20) + 8, AT(21), 2, SVSM_ERR_INVALID_PARAMETER},
		{AT(20), AT(21) + 8, 2, SVSM_ERR_INVALID_PARAMETER},
		{AT(20) + 1, AT(20) + 1, 2, SVSM_ERR_INVALID_PARAMETER},
		{AT(20), AT(20), 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(20), AT(21), 5, SVSM_ERR_INVALID_PARAMETER},
		{BASE, AT(21), 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(20), BASE, 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(600), AT(21), 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(20), AT(600), 2, SVSM_ERR_INVALID_ADDRESS},
		{VMSA(1), AT(21), 2, SVSM_ERR_INVALID_ADDRESS},
		{CAA(1), AT(21), 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(20), VMSA(1), 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(20), CAA(0), 2, SVSM_ERR_INVALID_ADDRESS},
		{AT(0), AT(21), 2, SVSM_ERR_INVALID_PARAMETER}, /* at a 2 MiB boundary */
	};

	fake_setup();
	fake_write_vmsa(AT(20));
	fake_write_vmsa(AT(0));
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		check_context("row %u", i);
		CHECK_EQ(create(t[i].vmsa, t[i].caa, t[i].apic_id), t[i].rax);
		fake_check_agreement();
	}
	fake_cpus[1].service = true; /* it runs services: as if it were not there */
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	fake_cpus[1].service = false;
	/* R8: 4 bytes */
	CHECK_EQ(create(AT(20), AT(21), 0xffffffff00000002), SVSM_SUCCESS);
	CHECK_EQ(fake_cpus[1].guest.vmsa.v, AT(20));
	fake_check_agreement();
}

TEST(create_vcpu_refuses_a_vmsa)
{
	struct vmsa *v;

	fake_setup();
	v = fake_mem(AT(20));
	for (unsigned vmpl = 0; vmpl < 256; vmpl++) {
		fake_write_vmsa(AT(20));
		v->vmpl = (uint8_t)vmpl;
		if (vmpl != VMPL_GUEST)
			CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	}
	fake_write_vmsa(AT(20));
	v->efer = ~EFER_SVME;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	fake_check_agreement();
	/* as the startup vCPU's, not as the SVSM's */
	vmsa_registry_set_startup(gpa(VMSA(0)), FEATURES | SEV_FEAT_ALTERNATE_INJ);
	fake_write_vmsa(AT(20));
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	v->sev_features = FEATURES | SEV_FEAT_ALTERNATE_INJ | SEV_FEAT_VTOM;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	v->sev_features = FEATURES | SEV_FEAT_ALTERNATE_INJ;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_SUCCESS);
	fake_check_agreement();
}

TEST(create_vcpu_that_fails_half_way_is_undone)
{
	fake_setup();
	fake_write_vmsa(AT(20));
	for (int n = 1; n <= 4; n++) { /* each RMPADJUST in turn */
		fake_fail_adjust = n;
		CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_PROTOCOL_BASE + SNP_FAIL_PERMISSION);
		CHECK_EQ(fake_state(20 + PFNS_2M), PAGE_VALID);
		fake_check_agreement();
	}
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_SUCCESS);
	fake_check_agreement();
}

/*
 * APM vol. 2, 15.36.15, where INVLPGB cannot be had; that no vCPU has old translations when the
 * page becomes a VMSA is fake.c's to check.
 */
TEST(without_invlpgb_every_vmsa_flushes_at_its_next_entry)
{
	const struct vmsa *own = fake_mem(VMSA(0)), *other = fake_mem(VMSA(1));

	fake_setup();
	fake_no_flush = true;
	CHECK_EQ(fake_call(1, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	CHECK(other->pcpu_id);
	fake_write_vmsa(AT(20));
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_SUCCESS);
	CHECK(!own->pcpu_id && !other->pcpu_id);
	/* one that runs is waited for */
	CHECK(fake_enter(VMSA(1)));
	fake_write_vmsa(AT(22));
	CHECK_EQ(create(AT(22), AT(23), 4), SVSM_SUCCESS);
	CHECK(!fake_entry(gpa(VMSA(1)))->running);
	fake_check_agreement();
}

/* In use whenever the SVSM asks: then PCPU_ID says that it has been out and in again. */
TEST(a_vcpu_that_entered_again_has_flushed)
{
	const struct vmsa *other = fake_mem(VMSA(1));

	fake_setup();
	fake_no_flush = fake_stuck = fake_reenters = true;
	CHECK(fake_enter(VMSA(1)));
	fake_write_vmsa(AT(20));
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_SUCCESS);
	CHECK(fake_entry(gpa(VMSA(1)))->running && other->pcpu_id);
	fake_check_agreement();
}

TEST(a_vcpu_that_never_leaves_makes_create_vcpu_busy)
{
	fake_setup();
	fake_no_flush = fake_stuck = true;
	CHECK(fake_enter(VMSA(1)));
	fake_write_vmsa(AT(20));
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_ERR_BUSY);
	CHECK(gpa_eq(fake_cpus[2].guest.vmsa, GPA_NONE));
	CHECK_EQ(fake_state(20 + PFNS_2M), PAGE_VALID);
	fake_check_agreement();
	fake_exit(VMSA(1));
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_SUCCESS);
}

/* The TSC goes on while the host does not run the VM, and then the vCPU cannot leave its guest. */
TEST(a_pause_of_the_machine_makes_create_vcpu_wait)
{
	fake_setup();
	fake_no_flush = fake_stuck = true;
	fake_barrier_ticks = 60000000; /* a minute */
	fake_stuck_until = fake_barriers + 5;
	CHECK(fake_enter(VMSA(1)));
	fake_write_vmsa(AT(20));
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_SUCCESS);
	fake_check_agreement();
}

/* Else its first VMRUN might find itself at home and not flush. */
TEST(a_new_vmsa_has_been_on_no_processor)
{
	struct vmsa *v;

	fake_setup();
	fake_write_vmsa(AT(20));
	v = fake_mem(AT(20));
	v->pcpu_id = 1;
	CHECK_EQ(create(AT(20), AT(21), 3), SVSM_SUCCESS);
	CHECK_EQ(v->pcpu_id, 0);
}

/* The n-th page from the second 2 MiB on, without those at a 2 MiB boundary. */
static uint64_t vmsa_page(unsigned n)
{
	return AT(512 + n + 1 + n / 511);
}

TEST(a_full_table_makes_create_vcpu_busy)
{
	unsigned n = 0;
	uint64_t rax;

	fake_setup();
	CHECK_EQ(fake_pvalidate(0, AT(512) | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, AT(1024) | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, AT(1536) | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	do {
		fake_write_vmsa(vmsa_page(n));
		rax = create(vmsa_page(n), AT(21), 3);
	} while (rax == SVSM_SUCCESS && ++n < 1100);
	CHECK_EQ(rax, SVSM_ERR_BUSY);
	CHECK_EQ(n, VMSA_REGISTRY_MAX - CPUS);
	CHECK_EQ(fake_state((vmsa_page(n) - AT(0)) / PAGE_SIZE + PFNS_2M), PAGE_VALID);
	fake_check_agreement();
	CHECK_EQ(delete_vcpu(0, vmsa_page(0)), SVSM_SUCCESS);
	CHECK_EQ(create(vmsa_page(n), AT(21), 3), SVSM_SUCCESS);
	fake_check_agreement();
}

/* ---- two vCPUs at once, on the same few pages ---- */

static unsigned created;

/* The guest writes a page only while it has the right to. */
static void prepare_vmsa(uint64_t page)
{
	spin_lock(&fake_lock);
	if (fake_entry(gpa(page))->validated && fake_entry(gpa(page))->perms[2])
		fake_write_vmsa(page);
	spin_unlock(&fake_lock);
}

static void *racer(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;
	uint32_t seed = 77 + cpu;

	for (unsigned i = 0; i < 6000; i++) {
		uint32_t r = check_random(&seed);
		uint64_t page = AT(10 + (r >> 8) % 6), entry = page;

		switch (r % 7) {
		case 0:
		case 1:
			fake_pvalidate(cpu, entry | OP_VALIDATE);
			break;
		case 2:
			fake_pvalidate(cpu, entry | OP_RESCIND);
			break;
		case 3:
			prepare_vmsa(page);
			if (fake_call(cpu, SVSM_CORE_CREATE_VCPU, page, AT(10 + (r >> 16) % 6),
				      3 + (r >> 20) % 2) == SVSM_SUCCESS)
				__atomic_fetch_add(&created, 1, __ATOMIC_RELAXED);
			break;
		case 4:
			fake_call(cpu, SVSM_CORE_DELETE_VCPU, page, 0, 0);
			break;
		case 5:
			fake_list(cpu, SVSM_CORE_DEPOSIT_MEM, &entry, 1);
			break;
		case 6:
			fake_call(cpu, SVSM_CORE_WITHDRAW_MEM, LIST(cpu) + 0xff0, 0, 0);
			break;
		}
	}
	return NULL;
}

static void race(bool no_flush)
{
	pthread_t t[CPUS];

	fake_setup();
	fake_no_flush = no_flush;
	created = 0;
	for (unsigned p = 10; p < 16; p++)
		fake_write_vmsa(AT(p));
	for (uintptr_t i = 0; i < CPUS; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, racer, (void *)i), 0);
	for (unsigned i = 0; i < CPUS; i++)
		pthread_join(t[i], NULL);
	CHECK(created > 10); /* else this test shows nothing */
	fake_check_agreement();
}

TEST(two_vcpus_race_on_the_same_pages)
{
	race(false);
}

TEST(two_vcpus_race_without_invlpgb)
{
	race(true);
}

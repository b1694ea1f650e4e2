/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* SVSM_CORE_CREATE_VCPU and DELETE_VCPU: 58019, 6.3 and 6.4. */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "bare/lib/vmpl2.h"
#include "abi/vmsa.h"
#include "lib/string.h"

#define R       3
#define VMSA    MEM_PAGE(R, 1) /* 2M-aligned VMSAs trip an erratum: page 1 */
#define VMSA2   MEM_PAGE(R, 3)
#define CAA     MEM_PAGE(R, 5)
#define CAA2    MEM_PAGE(R, 6)
#define NO_APIC 0x1234u

static void idle(void *arg)
{
	(void)arg;
	for (;;)
		cpu_relax();
}

static struct vmsa *fresh(uint64_t page)
{
	struct vmsa *v = (struct vmsa *)page;

	smp_fill_vmsa(v, 1, (uint8_t)vmpl_own, idle, NULL, MEM_PAGE(R, 9));
	return v;
}

static uint64_t create(uint64_t vmsa, uint64_t caa, uint64_t apic_id)
{
	return svsm(CORE(CREATE_VCPU), vmsa, caa, apic_id, 0);
}

static uint64_t delete_vcpu(uint64_t vmsa)
{
	return svsm(CORE(DELETE_VCPU), vmsa, 0, 0, 0);
}

static void need_two(void)
{
	if (!smp_available())
		test_skip("needs two vCPUs");
	memset((void *)CAA, 0, PAGE_SIZE * 2);
}

/* The page is the guest's again: readable, writable, and PVALIDATE sees plain validated memory. */
static void check_plain(uint64_t page)
{
	volatile uint64_t *p = (volatile uint64_t *)page;

	*p = 0xabcd;
	CHECK_EQ(*p, 0xabcd);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(page, RMP_PG_4K, true)), SVSM_ERR_PVALIDATE_NO_CHANGE);
}

TEST(vcpu_create, "vcpu-create-delete",
     "a vCPU that never ran is created, deleted, and created again",
     "svsm:6.3:create svsm:6.4:delete")
{
	need_two();
	for (unsigned i = 0; i < 50; i++) {
		fresh(VMSA);
		REQUIRE_EQ(create(VMSA, CAA, smp_apic_id()), SVSM_SUCCESS);
		REQUIRE_EQ(delete_vcpu(VMSA), SVSM_SUCCESS);
		check_plain(VMSA);
		check_plain(CAA);
	}
}

/* Checks on the VMSA's contents: VMPL, EFER.SVME, SEV_FEATURES as the startup vCPU's. VMPL3 would
 * be allowed; only the guest's own is supported (docs/fidelity.md). */
struct vmsa_row {
	const char *name, *rule;
	size_t offset;
	unsigned size;
	uint64_t value;
};

TEST(vcpu_vmsa, "vcpu-vmsa-checks",
     "CREATE_VCPU refuses a VMSA with another VMPL, no SVME, other features",
     "svsm:6.3:vmpl svsm:6.3:svme svsm:6.3:features keelson:own-vmpl")
{
	static const struct vmsa_row rows[] = {
		{"VMPL0", "svsm:6.3:vmpl", offsetof(struct vmsa, vmpl), 1, 0},
		{"VMPL1", "svsm:6.3:vmpl", offsetof(struct vmsa, vmpl), 1, 1},
		{"VMPL3", "keelson:own-vmpl", offsetof(struct vmsa, vmpl), 1, 3},
		{"VMPL255", "keelson:own-vmpl", offsetof(struct vmsa, vmpl), 1, 255},
		{"EFER 0", "svsm:6.3:svme", offsetof(struct vmsa, efer), 8, 0},
		{"EFER without SVME", "svsm:6.3:svme", offsetof(struct vmsa, efer), 8,
		 EFER_LME | EFER_LMA},
		{"features 0", "svsm:6.3:features", offsetof(struct vmsa, sev_features), 8, 0},
		{"features with vTOM", "svsm:6.3:features", offsetof(struct vmsa, sev_features), 8,
		 SEV_FEAT_SNP_ACTIVE | SEV_FEAT_VTOM},
		{"features with alternate injection", "svsm:6.3:features",
		 offsetof(struct vmsa, sev_features), 8,
		 SEV_FEAT_SNP_ACTIVE | SEV_FEAT_ALTERNATE_INJ},
		{"features all ones", "svsm:6.3:features", offsetof(struct vmsa, sev_features), 8,
		 ~0ull},
	};

	need_two();
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		bool features = rows[i].offset == offsetof(struct vmsa, sev_features);

		if (!features && rows[i].size == 1 && rows[i].value == vmpl_own)
			continue;
		if (features && rows[i].value == snp_features())
			continue;
		if (!test_case_asked(rows[i].rule, "%s", rows[i].name))
			continue;
		memcpy((uint8_t *)fresh(VMSA) + rows[i].offset, &rows[i].value, rows[i].size);
		CHECK_EQ(create(VMSA, CAA, smp_apic_id()), SVSM_ERR_INVALID_PARAMETER);
		CHECK_EQ(delete_vcpu(VMSA), SVSM_ERR_INVALID_PARAMETER);
		/* the page still holds what the guest wrote, and is the guest's */
		if (scope_own())
			CHECK_EQ(memcmp((uint8_t *)VMSA + rows[i].offset, &rows[i].value,
					rows[i].size),
				 0);
		check_plain(VMSA);
		check_plain(CAA);
	}
}

TEST(vcpu_arguments, "vcpu-arguments",
     "CREATE_VCPU: alignment, VMSA = CAA, APIC ID above and beside its limits",
     "svsm:5:align svsm:6.3:address svsm:6.3:apic-id svsm:6.4:known")
{
	need_two();
	fresh(VMSA);
	const struct call_row rows[] = {
		{"VMSA unaligned", CORE(CREATE_VCPU), VMSA + 1, CAA, smp_apic_id(), 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"VMSA unaligned by 0xfff", CORE(CREATE_VCPU), VMSA + 0xfff, CAA, smp_apic_id(), 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"CAA unaligned", CORE(CREATE_VCPU), VMSA, CAA + 8, smp_apic_id(), 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"APIC ID unknown", CORE(CREATE_VCPU), VMSA, CAA, NO_APIC, 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"APIC ID 0xffffffff", CORE(CREATE_VCPU), VMSA, CAA, 0xffffffff, 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"own calling area", CORE(CREATE_VCPU), VMSA, (uint64_t)percpu()->caa,
		 smp_apic_id(), 0, SVSM_ERR_INVALID_ADDRESS},
		{"VMSA = own calling area", CORE(CREATE_VCPU), (uint64_t)percpu()->caa, CAA,
		 smp_apic_id(), 0, SVSM_ERR_INVALID_ADDRESS},
		{"VMSA not validated", CORE(CREATE_VCPU), calls_unvalidated(), CAA, smp_apic_id(),
		 0, SVSM_ERR_INVALID_ADDRESS},
		{"CAA not validated", CORE(CREATE_VCPU), VMSA, calls_unvalidated(), smp_apic_id(),
		 0, SVSM_ERR_INVALID_ADDRESS},
		{"delete unaligned", CORE(DELETE_VCPU), VMSA + 8, 0, 0, 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"delete what is no VMSA", CORE(DELETE_VCPU), VMSA, 0, 0, 0,
		 SVSM_ERR_INVALID_PARAMETER},
		{"delete 0", CORE(DELETE_VCPU), 0, 0, 0, 0, SVSM_ERR_INVALID_PARAMETER},
		{"delete in the SVSM", CORE(DELETE_VCPU), MEM_SVSM, 0, 0, 0,
		 SVSM_ERR_INVALID_PARAMETER},
	};

	/* this project's machine, and one page for two things, which 58019 has no words for */
	const struct call_row own[] = {
		{"VMSA = CAA", CORE(CREATE_VCPU), VMSA, VMSA, smp_apic_id(), 0,
		 SVSM_ERR_INVALID_ADDRESS},
		{"APIC ID beyond the last", CORE(CREATE_VCPU), VMSA, CAA, 64, 0,
		 SVSM_ERR_INVALID_PARAMETER},
	};

	calls_run(rows, ARRAY_LEN(rows));
	if (scope_own())
		calls_run(own, ARRAY_LEN(own));
	check_plain(VMSA);
	check_plain(CAA);
}

TEST(vcpu_2m, "vcpu-2m-vmsa",
     "CREATE_VCPU refuses a VMSA at a 2 MiB boundary, and takes its neighbour", "keelson:vmsa-2m")
{
	uint64_t vmsa = MEM_PAGE(R, 0);

	need_two();
	fresh(vmsa);
	CHECK_EQ(create(vmsa, CAA, smp_apic_id()), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(delete_vcpu(vmsa), SVSM_ERR_INVALID_PARAMETER);
	check_plain(vmsa);
	check_plain(CAA);
	fresh(vmsa + PAGE_SIZE);
	CHECK_EQ(create(vmsa + PAGE_SIZE, CAA, smp_apic_id()), SVSM_SUCCESS);
	CHECK_EQ(delete_vcpu(vmsa + PAGE_SIZE), SVSM_SUCCESS);
}

TEST(vcpu_addresses, "vcpu-addresses", "VMSA and CAA must be the guest's own memory",
     "svsm:6.3:address svsm:6.4:known")
{
	need_two();
	fresh(VMSA);
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		test_case("VMSA: %s", a->name);
		CHECK_EQ(create(a->gpa, CAA, smp_apic_id()), SVSM_ERR_INVALID_ADDRESS);
		test_case("CAA: %s", a->name);
		CHECK_EQ(create(VMSA, a->gpa, smp_apic_id()), SVSM_ERR_INVALID_ADDRESS);
		test_case("delete: %s", a->name);
		CHECK_EQ(delete_vcpu(a->gpa), SVSM_ERR_INVALID_PARAMETER);
	}
	check_plain(VMSA);
	check_plain(CAA);
}

TEST(vcpu_twice, "vcpu-twice", "a VMSA page cannot be created twice, nor serve as anything else",
     "svsm:6.3:active keelson:vmsa-readable svsm:6.4:known keelson:duties")
{
	need_two();
	fresh(VMSA);
	fresh(VMSA2);
	REQUIRE_EQ(create(VMSA, CAA, smp_apic_id()), SVSM_SUCCESS);
	if (test_case_asked(
		    "keelson:vmsa-readable",
		    "it stays readable: Linux takes SEV_FEATURES for AP_CREATION out of it"))
		CHECK_EQ(((volatile struct vmsa *)VMSA)->sev_features, snp_features());
	test_case("the same again");
	CHECK_EQ(create(VMSA, CAA, smp_apic_id()), SVSM_ERR_INVALID_ADDRESS);
	test_case("its VMSA page as calling area");
	CHECK_EQ(create(VMSA2, VMSA, smp_apic_id()), SVSM_ERR_INVALID_ADDRESS);
	test_case("its calling area as VMSA");
	CHECK_EQ(create(CAA, CAA2, smp_apic_id()), SVSM_ERR_INVALID_ADDRESS);
	test_case("its calling area for another vCPU");
	CHECK_EQ(create(VMSA2, CAA, percpu()->apic_id), SVSM_ERR_INVALID_ADDRESS);
	test_case("rescind the VMSA page");
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(VMSA, RMP_PG_4K, false)), SVSM_ERR_INVALID_ADDRESS);
	if (test_case_asked("keelson:duties", "rescind what it lies in, and the calling area")) {
		CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_REGION(R), RMP_PG_2M, false)),
			 SVSM_ERR_INVALID_ADDRESS);
		CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(CAA, RMP_PG_4K, false)),
			 SVSM_ERR_INVALID_ADDRESS);
	}
	test_case("delete, once");
	CHECK_EQ(delete_vcpu(VMSA), SVSM_SUCCESS);
	CHECK_EQ(delete_vcpu(VMSA), SVSM_ERR_INVALID_PARAMETER);
	check_plain(VMSA);
	check_plain(CAA);
}

/* 6.3: R8 has 4 bytes. */
TEST(vcpu_apic_id, "vcpu-apic-id", "CREATE_VCPU: of R8 only the lower half is the APIC ID",
     "svsm:6.3:apic-id")
{
	need_two();
	fresh(VMSA);
	REQUIRE_EQ(create(VMSA, CAA, 0xffffffff00000000 | smp_apic_id()), SVSM_SUCCESS);
	CHECK_EQ(delete_vcpu(VMSA), SVSM_SUCCESS);
	check_plain(VMSA);
}

/* 6.4: 0x80001003 when EFER.SVME cannot be cleared, because the VMSA runs. */
TEST(vcpu_in_use, "vcpu-in-use", "DELETE_VCPU of a running vCPU is refused, its state survives",
     "svsm:6.4:running")
{
	smp_start();
	CHECK_EQ(delete_vcpu(smp_vmsa()), SVSM_ERR_DELETE_INUSE);
	test_case("the other still works");
	smp_run(NULL, NULL);
	CHECK(smp_wait(10));
}

/* Where the SVSM's loader puts it: svsm/boot/guest.h. */
static uint64_t startup_vmsa(void)
{
	return vmpl2_info()->blob.secrets_phys + 0x3000;
}

static void delete_startup(void *rax)
{
	*(volatile uint64_t *)rax = delete_vcpu(startup_vmsa());
}

/* 6.4 */
TEST(vcpu_startup, "vcpu-startup", "the startup vCPU cannot be deleted, by itself or by another",
     "svsm:6.4:startup svsm:4:startup-vmsa")
{
	static volatile uint64_t rax;

	CHECK_EQ(((volatile struct vmsa *)startup_vmsa())->sev_features, snp_features());
	CHECK_EQ(delete_vcpu(startup_vmsa()), SVSM_ERR_INVALID_PARAMETER);
	smp_start();
	smp_run(delete_startup, (void *)&rax);
	REQUIRE(smp_wait(10));
	CHECK_EQ(rax, SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(svsm(CORE(QUERY_PROTOCOL), 1, 0, 0, 0), SVSM_SUCCESS);
}

static void delete_own(void *arg)
{
	(void)arg;
	delete_vcpu(smp_vmsa());
}

/* A VMSA is refused as an entry of PVALIDATE's list, a validated page is no change. */
static bool becomes_plain(uint64_t page, unsigned seconds)
{
	struct patience p = smp_patience(seconds);
	uint64_t r;

	do
		r = svsm_pvalidate(SVSM_ENTRY(page, RMP_PG_4K, true));
	while (r == SVSM_ERR_INVALID_ADDRESS && !smp_patience_over(&p));
	return r == SVSM_ERR_PVALIDATE_NO_CHANGE;
}

/* 6.4: the SVSM returns no result to who has deleted itself. */
TEST(vcpu_own, "vcpu-delete-own", "a vCPU deletes itself, does not come back, and is created again",
     "svsm:6.4:own svsm:6.4:released")
{
	for (unsigned i = 0; i < 3; i++) {
		smp_start();
		smp_run(delete_own, NULL);
		REQUIRE(becomes_plain(smp_vmsa(), 10));
		check_plain(smp_vmsa());
		check_plain(smp_caa());
		CHECK_EQ(delete_vcpu(smp_vmsa()), SVSM_ERR_INVALID_PARAMETER);
		CHECK(!smp_wait(0));
		smp_gone();
	}
}

static volatile uint64_t ap_rax[4];

static void ap_calls(void *arg)
{
	(void)arg;
	ap_rax[0] = svsm(CORE(QUERY_PROTOCOL), 1, 0, 0, 0);
	ap_rax[1] = svsm(CORE(REMAP_CA), 1, 0, 0, 0);
	ap_rax[2] = svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 20), RMP_PG_4K, false));
	ap_rax[3] = svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 20), RMP_PG_4K, true));
}

TEST(vcpu_calls, "vcpu-calls", "the second vCPU makes calls of its own through its own area",
     "svsm:6.3:create")
{
	smp_start();
	for (unsigned i = 0; i < 20; i++) {
		smp_run(ap_calls, NULL);
		REQUIRE(smp_wait(10));
		CHECK_EQ(ap_rax[0], SVSM_SUCCESS);
		CHECK_EQ(ap_rax[1], SVSM_ERR_INVALID_PARAMETER);
		CHECK_EQ(ap_rax[2], SVSM_SUCCESS);
		CHECK_EQ(ap_rax[3], SVSM_SUCCESS);
	}
}

/* CREATE_VCPU must not believe a VMSA that another vCPU could still write through an old
 * translation: it flushes, or waits until that one leaves the guest (suite core-no-invlpgb). */
TEST(vcpu_beside, "vcpu-beside", "a vCPU is created while another one runs, which goes on",
     "svsm:6.3:create keelson:stale-translations")
{
	need_two();
	if (vmpl_vcpus() < 3)
		test_skip("needs three vCPUs");
	smp_start();
	for (unsigned i = 0; i < 20; i++) {
		fresh(VMSA);
		REQUIRE_EQ(create(VMSA, CAA, vmpl_apic_id(2)), SVSM_SUCCESS);
		REQUIRE_EQ(delete_vcpu(VMSA), SVSM_SUCCESS);
		check_plain(VMSA);
	}
	smp_run(ap_calls, NULL);
	REQUIRE(smp_wait(10));
	CHECK_EQ(ap_rax[0], SVSM_SUCCESS);
}

/* A guest kernel does this to take a CPU off and put it on again. */
TEST(vcpu_again, "vcpu-off-on", "the second vCPU is stopped, deleted and started again, 10 times",
     "svsm:6.3:create svsm:6.4:delete")
{
	for (unsigned i = 0; i < 10; i++) {
		smp_start();
		smp_run(ap_calls, NULL);
		REQUIRE(smp_wait(10));
		CHECK_EQ(ap_rax[0], SVSM_SUCCESS);
		smp_stop();
	}
}

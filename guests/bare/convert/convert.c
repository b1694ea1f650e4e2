/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A shared access to a private page, where the machine is not strict: KVM leaves for its VMM with
 * KVM_EXIT_MEMORY_FAULT (kvm_mmu_prepare_memory_fault_exit()), QEMU's kvm_convert_memory() makes
 * the page shared, and the access is made again. The private page is discarded, so the shared one
 * is empty. edk2's SEC touches its GHCB so before any page state change, its DXE the variable
 * store.
 */
#include "bare/lib/bare.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "bare/machine/region.h"
#include "abi/vmsa.h"

#define R    1
#define PAGE MEM_PAGE(R, 5)
#define MARK 0x1122334455667788ull

static volatile uint64_t *shared(uint64_t gpa)
{
	return paging_shared(gpa);
}

static volatile uint64_t *private(uint64_t gpa)
{
	return paging_private(gpa);
}

static void check_not_validated(uint64_t gpa)
{
	static struct fault f;

	if (FAULT_CATCH(&f)) {
		*private(gpa) = 1;
		fault_release();
	}
	CHECK(f.hit);
	CHECK_EQ(f.vector, VEC_VC);
	CHECK_EQ(f.error, VC_PAGE_NOT_VALIDATED);
}

/* Whether the page was validated already; it is afterwards. */
static bool validated(uint64_t gpa)
{
	bool same = false;

	CHECK_EQ(pvalidate(gpa, RMP_PG_4K, 1, &same), SNP_SUCCESS);
	return same;
}

TEST(unvalidated, "unvalidated", "a page that nobody has validated is shared after a shared access",
     "keelson:convert-shared")
{
	REQUIRE(region_reset(R));
	*shared(PAGE) = MARK;
	CHECK_EQ(*shared(PAGE), MARK);
	check_not_validated(PAGE);
	CHECK(!validated(PAGE));
	CHECK(region_reset(R));
}

TEST(contents, "contents", "a validated page is shared after it, and empty",
     "keelson:convert-shared")
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 5, 1));
	*private(PAGE) = MARK;
	CHECK_EQ(*shared(PAGE), 0);
	*shared(PAGE) = ~MARK;
	test_case("a private access makes it private again");
	check_not_validated(PAGE);
	CHECK(!validated(PAGE));
	CHECK_NE(*private(PAGE), MARK);
	CHECK(region_reset(R));
}

TEST(large, "2m", "of a 2M entry only the page that was touched becomes shared",
     "keelson:convert-shared apm:15.36.11:psmash")
{
	REQUIRE(region_reset(R));
	REQUIRE_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, NULL), SNP_SUCCESS);
	*private(MEM_PAGE(R, 4)) = MARK;
	CHECK_EQ(*shared(PAGE), 0);
	CHECK_EQ(*private(MEM_PAGE(R, 4)), MARK);
	CHECK(validated(MEM_PAGE(R, 4)));
	CHECK(validated(MEM_PAGE(R, 6)));
	CHECK(!validated(PAGE));
	CHECK(region_reset(R));
}

TEST(vmsa, "vmsa", "a VMSA page that nobody runs on becomes shared, and no VMSA runs there",
     "keelson:convert-shared apm:15-41:vmsa")
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 5, 1));
	REQUIRE_EQ(rmpadjust(PAGE, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	CHECK_EQ(*shared(PAGE), 0);
	CHECK_NE(ghcb_ap_create(percpu()->apic_id, 2, GHCB_AP_CREATE, PAGE, snp_features()), 0);
	CHECK(region_reset(R));
}

/* RMPUPDATE answers FAIL_INUSE (APM vol. 2, 15.36.12), so the page cannot be taken from its vCPU:
 * KVM's rmp_make_shared() fails, and so does the machine's. */
TEST(vmsa_in_use, "vmsa-in-use", "a VMSA page in use cannot become shared",
     "keelson:convert-shared")
{
	smp_start();
	test_must_end(TEST_END_SVSM, "vCPU 0 VMPL 0\tcannot be made shared");
	CHECK_EQ(*shared(smp_vmsa()), 0);
	CHECK_FAILED("the guest went on");
}

#define FIRMWARE 0xfffe0000ull /* .firmware: bare.lds */

static const uint64_t firmware[2][PAGE_SIZE / 8] SECTION(".firmware") ALIGNED(4096) = {
	{MARK, 1},
	{MARK, 2},
};

/*
 * QEMU loads an IGVM file's pages into the shared memory and has them encrypted from there, so the
 * shared page still holds the file: edk2 reads the variable store beside it with the C-bit clear.
 * kvm_convert_memory() discards the shared page when it becomes private again.
 */
TEST(in_firmware, "firmware",
     "a page of the firmware below 4 GiB keeps its contents the first time, and only then",
     "keelson:convert-firmware keelson:gpa:room")
{
	uint64_t at = paging_map(0, FIRMWARE, PAGING_RW | paging_cbit);

	CHECK_EQ(*private(at), MARK);
	private(at)[1] = 4711; /* which is the guest's own business */
	CHECK_EQ(shared(FIRMWARE)[1], 1);
	CHECK_EQ(shared(FIRMWARE + PAGE_SIZE)[1], 2);
	check_not_validated(at);
	CHECK(!validated(at));
	CHECK_EQ(shared(FIRMWARE)[1], 0);
	CHECK_EQ(shared(FIRMWARE + PAGE_SIZE)[1], 2);
	paging_unmap(0);
}

static volatile uint64_t rounds;

static void take_private(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++)
		pvalidate(PAGE, RMP_PG_4K, 1, NULL);
}

/* Each side takes the page from the other for ever: neither ends the run, and both get on. */
TEST(race, "race", "two vCPUs that touch one page in both ways both get on",
     "keelson:convert-shared keelson:convert")
{
	REQUIRE(region_reset(R));
	rounds = 0;
	smp_start();
	smp_race(300, 1);
	smp_run(take_private, NULL);
	for (unsigned i = 0; smp_round(i); i++)
		*shared(PAGE) = rounds++;
	CHECK(smp_wait(20));
	CHECK_GE(rounds, 10);
	CHECK(region_reset(R));
}

void bare_main(void)
{
	test_main("convert");
}

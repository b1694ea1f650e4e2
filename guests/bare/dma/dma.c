/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Devices reach shared pages only: on a host with SNP the IOMMU checks every access of a device by
 * the RMP, and lets none through to a page that is a guest's (APM vol. 2, 15.36.10). QEMU's edu
 * tries. What it is refused the monitor's log names, which tests/integration/test_dma.py reads.
 */
#include "bare/lib/bare.h"
#include "bare/lib/edu.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "bare/machine/region.h"

#define R     6
#define WORDS (EDU_BYTES / 8)
#define NONE  0
#define OURS  0x5eed0000ull

static void fill(volatile uint64_t *page, uint64_t with)
{
	for (unsigned i = 0; i < WORDS; i++)
		page[i] = with + i;
}

static unsigned equal(volatile uint64_t *page, uint64_t with)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WORDS; i++)
		n += page[i] == with + i;
	return n;
}

static uint64_t shared_a, shared_b;

/* Two shared pages, and all that a device may do with them. */
static void works(uint64_t with)
{
	fill(paging_shared(shared_a), with);
	fill(paging_shared(shared_b), ~with);
	edu_fetch(shared_a);
	edu_store(shared_b);
	CHECK_EQ(equal(paging_shared(shared_b), with), WORDS);
}

/* Of the region's pages the first two are shared then, the next two private and validated, the
 * others private and not validated. */
static void prepare_in(unsigned region)
{
	test_log("edu at %s", edu_init());
	shared_a = MEM_PAGE(region, 0);
	shared_b = MEM_PAGE(region, 1);
	REQUIRE(region_reset(region));
	REQUIRE(region_validate(region, 0, 4));
	REQUIRE(vmpl_page_shared(shared_a));
	REQUIRE(vmpl_page_shared(shared_b));
}

static void prepare(void)
{
	prepare_in(R);
}

/* Nothing of the device arrives in the page, and nothing of the page in the device. holds: what can
 * be read of the page, NONE: nothing can. state: what the monitor's log says of it. */
static void refused(uint64_t page, uint64_t holds, const char *state)
{
	test_log("refused 0x%llx: %s", (unsigned long long)page, state);
	fill(paging_shared(shared_a), OURS);
	edu_fetch(shared_a);
	edu_store(page);
	if (holds)
		CHECK_EQ(equal(paging_private(page), holds), WORDS);
	edu_fetch(page);
	edu_store(shared_b);
	if (holds)
		CHECK_EQ(equal(paging_shared(shared_b), holds), 0);
}

/* The same of a page of the region that nobody could read at that moment. */
static void refused_unvalidated(unsigned region, unsigned page)
{
	refused(MEM_PAGE(region, page), NONE, "private, not validated");
	REQUIRE(region_validate(region, page, 1));
	CHECK_EQ(equal(paging_private(MEM_PAGE(region, page)), OURS), 0);
}

TEST(shared, "shared", "a device copies from one shared page to another", "apm:15.36.10:device")
{
	prepare();
	works(0x1000);
	CHECK(region_reset(R));
}

/* With as much memory as this suite has, QEMU's machine has its RAM behind 2 GiB above 4 GiB, and a
 * q35 of the guest's size has it below (launch/machine/host/mem/gpa_map.h). */
TEST(mapped, "mapped", "so it does where the host's memory has another address than the guest's",
     "apm:15.36.10:device keelson:gpa:ram")
{
	unsigned region = ((2600ull << 20) - MEM_BASE) / SIZE_2M;

	prepare_in(region);
	works(0x1100);
	fill(paging_private(MEM_PAGE(region, 2)), 0x1200);
	refused(MEM_PAGE(region, 2), 0x1200, "private, validated");
	CHECK(region_reset(region));
}

TEST(private, "private", "a device reads and writes no private page, validated or not",
     "apm:15.36.10:device")
{
	uint64_t page = MEM_PAGE(R, 2);

	prepare();
	test_case("validated");
	fill(paging_private(page), 0x2000);
	refused(page, 0x2000, "private, validated");
	test_case("not validated");
	refused_unvalidated(R, 5);
	test_case("the device still works");
	works(0x2000);
	CHECK(region_reset(R));
}

TEST(vmsa, "vmsa", "a device reads and writes no VMSA", "apm:15.36.10:device")
{
	uint64_t page = MEM_PAGE(R, 2);

	prepare();
	fill(paging_private(page), 0x7000);
	REQUIRE_EQ(rmpadjust(page, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	refused(page, 0x7000, "a VMSA");
	REQUIRE_EQ(rmpadjust(page, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_reset(R));
}

/* What the IOMMU has kept of a page goes with it. */
TEST(again, "private-again", "a page that was shared, and used, and is private again",
     "apm:15.36.10:device")
{
	uint64_t page = MEM_PAGE(R, 3);

	prepare();
	REQUIRE(vmpl_page_shared(page));
	fill(paging_shared(page), 0x3000);
	edu_fetch(page);
	edu_store(page);
	CHECK_EQ(equal(paging_shared(page), 0x3000), WORDS);
	REQUIRE(vmpl_page_private(page));
	fill(paging_private(page), 0x4000);
	refused(page, 0x4000, "private, validated");
	works(0x4000);
	CHECK(region_reset(R));
}

/* 2 MiB at once: the first and the last page of them. */
TEST(large, "large", "2 MiB that were shared, and used, and are private again",
     "apm:15.36.10:device")
{
	static const unsigned pages[] = {0, 511};

	prepare();
	REQUIRE(region_reset(R + 1));
	REQUIRE_EQ(ghcb_psc(MEM_REGION(R + 1), GHCB_PSC_SHARED, true), 0);
	for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
		uint64_t page = MEM_PAGE(R + 1, pages[i]);

		fill(paging_shared(page), 0x5000 + i);
		edu_fetch(page);
		edu_store(shared_b);
		CHECK_EQ(equal(paging_shared(shared_b), 0x5000 + i), WORDS);
	}
	REQUIRE_EQ(ghcb_psc(MEM_REGION(R + 1), GHCB_PSC_PRIVATE, true), 0);
	for (unsigned i = 0; i < ARRAY_LEN(pages); i++)
		refused_unvalidated(R + 1, pages[i]);
	works(0x5000);
	CHECK(region_reset(R + 1));
	CHECK(region_reset(R));
}

TEST(nowhere, "nowhere", "a device reaches nothing but the guest's RAM", "keelson:dma")
{
	static const struct {
		const char *what;
		uint64_t at;
	} places[] = {
		{"no RAM below 4 GiB", MEM_NOT_RAM},
		{"the IOMMU's registers", 0xfed90000},
		{"no RAM above 4 GiB", 0x7f00000000},
		{"behind the guest's RAM", 2800ull << 20},
	};

	prepare();
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		test_case("%s", places[i].what);
		refused(places[i].at, NONE, "no RAM of the guest's");
	}
	test_case("the device still works");
	works(0x6000);
	CHECK(region_reset(R));
}

void bare_main(void)
{
	test_main("dma");
}

/* QEMU's default SMBASE is 0x30000, a handler begins 0x8000 behind it, in 16 bits. */
#define SMI_CODE    0x38000
#define SMI_MARK    0x100
#define SMI_STATE   0x3fe00
#define SMI_BYTES   512
#define APIC_OF_ID0 0xfee00000ull

/* A device's write to the APICs' window is a message to them, whose delivery mode 2 is SMI. */
TEST(smi, "smi", "an SMI that a device sends runs nothing of the guest's", "keelson:smi")
{
	/* mov byte cs:[0x8100], 1; rsm */
	static const uint8_t code[] = {0x2e, 0xc6, 0x06, SMI_MARK & 0xff, 0x80 | SMI_MARK >> 8,
				       1,    0x0f, 0xaa};
	volatile uint8_t *at = paging_private(SMI_CODE), *state = paging_private(SMI_STATE);

	prepare();
	REQUIRE_EQ(pvalidate(SMI_CODE, RMP_PG_4K, true, NULL), 0);
	REQUIRE_EQ(pvalidate(SMI_STATE & ~PAGE_MASK, RMP_PG_4K, true, NULL), 0);
	for (unsigned i = 0; i < sizeof(code); i++)
		at[i] = code[i];
	at[SMI_MARK] = 0;
	for (unsigned i = 0; i < SMI_BYTES; i++)
		state[i] = 0x5a;
	for (unsigned i = 0; i < WORDS; i++)
		((volatile uint64_t *)paging_shared(shared_a))[i] = 0x20000000200;
	edu_fetch(shared_a);
	edu_store(APIC_OF_ID0);
	CHECK_EQ(at[SMI_MARK], 0);
	for (unsigned i = 0; i < SMI_BYTES; i++)
		CHECK_EQ(state[i], 0x5a);
	works(0x8000);
	REQUIRE_EQ(pvalidate(SMI_CODE, RMP_PG_4K, false, NULL), 0);
	REQUIRE_EQ(pvalidate(SMI_STATE & ~PAGE_MASK, RMP_PG_4K, false, NULL), 0);
	CHECK(region_reset(R));
}

#define NMIS 70 /* one for each copy: messages that come together are one NMI */

/* Delivery mode 4 is NMI: it hits the machine's own CPU, which tells where it was, and not for
 * ever. */
TEST(nmi, "nmi", "NMIs that a device sends do not fill the machine's log", "keelson:nmi")
{
	prepare();
	for (unsigned i = 0; i < WORDS; i++)
		((volatile uint64_t *)paging_shared(shared_a))[i] = 0x40000000400;
	edu_fetch(shared_a);
	for (unsigned i = 0; i < NMIS; i++)
		edu_store(APIC_OF_ID0);
	works(0x9000);
	CHECK(region_reset(R));
}

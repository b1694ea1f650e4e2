/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A second vCPU: GHCB, SNP AP Creation; APM vol. 2, 15.36.12 and table 15-41. */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/vmplstub.h"
#include "abi/vmsa.h"
#include "lib/string.h"

#define R 8

static volatile uint64_t seen;

static void ap_work(void *arg)
{
	seen = (uint64_t)arg + percpu_index();
}

TEST(ap_start, "ap-start", "AP_CREATION starts a second vCPU; destroyed, it can be made again",
     "ghcb:ap-creation:create ghcb:ap-creation:destroy")
{
	for (unsigned i = 0; i < 5; i++) {
		smp_start();
		smp_run(ap_work, (void *)(uint64_t)(i * 10));
		REQUIRE(smp_wait(10));
		CHECK_EQ(seen, i * 10 + 1);
		smp_stop();
	}
}

/* The other vCPU reads a page for ever; once PVALIDATE has rescinded it, it must fault. */
static volatile bool ap_faulted;
static volatile uint64_t ap_reads;

static void ap_reader(void *arg)
{
	volatile uint64_t *p = arg;
	static struct fault f;

	if (FAULT_CATCH(&f)) {
		smp_meet();
		for (;;) {
			(void)*p;
			ap_reads++;
		}
	}
	ap_faulted = f.vector == VEC_VC && f.error == VC_PAGE_NOT_VALIDATED;
}

TEST(tlb_rescind, "tlb-rescind", "a rescinded page faults on the other vCPU too, up to 200 times",
     "apm:pvalidate:tlb")
{
	uint64_t end;

	REQUIRE(region_reset(R));
	smp_start();
	end = rdtsc() + smp_ticks(4) / 2;
	for (unsigned i = 0; i < 200 && (i < 10 || rdtsc() < end); i++) {
		struct patience p;
		uint64_t n;

		REQUIRE_EQ(pvalidate(MEM_PAGE(R, 1), RMP_PG_4K, 1, NULL), SNP_SUCCESS);
		ap_faulted = false;
		ap_reads = 0;
		smp_run(ap_reader, (void *)MEM_PAGE(R, 1));
		smp_meet();
		p = smp_patience(20);
		while (!ap_reads && !smp_dead() && !smp_patience_over(&p))
			cpu_relax();
		REQUIRE(ap_reads);
		REQUIRE_EQ(pvalidate(MEM_PAGE(R, 1), RMP_PG_4K, 0, NULL), SNP_SUCCESS);
		n = ap_reads;
		REQUIRE(smp_wait(10));
		if (!CHECK(ap_faulted) || !CHECK_LE(ap_reads, n + 1))
			break;
	}
	CHECK(region_reset(R));
}

static volatile uint64_t won[2];

static void race_side(unsigned me)
{
	for (unsigned i = 0; smp_round(i); i++) {
		bool cf;

		if (pvalidate(MEM_PAGE(R, 4), RMP_PG_4K, i & 1, &cf) == SNP_SUCCESS && !cf)
			won[me]++;
	}
}

static void ap_race(void *arg)
{
	(void)arg;
	race_side(1);
}

/* Exactly one of two vCPUs changes the page in each round. */
TEST(pvalidate_race, "pvalidate-race",
     "two vCPUs PVALIDATE the same page: each change happens once", "apm:pvalidate:atomic")
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 4, 1));
	won[0] = won[1] = 0;
	smp_start();
	smp_race(2000, 4);
	smp_run(ap_race, NULL);
	race_side(0);
	CHECK(smp_wait(20));
	CHECK_EQ(won[0] + won[1], smp_rounds());
	CHECK_GE(smp_rounds(), 10);
	CHECK(region_reset(R));
}

#define VMSA          MEM_PAGE(R, 1) /* as it should be */
#define PLAIN         MEM_PAGE(R, 2) /* the same bytes, without the attribute */
#define UNVALIDATED   MEM_PAGE(R, 5) /* with the attribute, rescinded afterwards */
#define SHARED        MEM_PAGE(R, 6) /* with the attribute, shared afterwards */
#define PAT_RESERVED  MEM_PAGE(R, 7) /* with a memory type that does not exist */
#define RESERVED_TYPE 2ull

struct create_case {
	const char *name, *rule;
	uint32_t apic_offset;
	unsigned vmpl, op;
	uint64_t vmsa;
	uint64_t features_xor;
};

static const struct create_case creates[] = {
	{"unknown APIC ID", "ghcb:ap-creation:refuse", 200, 2, GHCB_AP_CREATE, VMSA, 0},
	{"VMPL4", "ghcb:ap-creation:refuse", 0, 4, GHCB_AP_CREATE, VMSA, 0},
	{"operation 3", "ghcb:ap-creation:refuse", 0, 2, 3, VMSA, 0},
	{"VMSA unaligned", "ghcb:ap-creation:refuse", 0, 2, GHCB_AP_CREATE, VMSA + 8, 0},
	{"not RAM", "ghcb:ap-creation:refuse", 0, 2, GHCB_AP_CREATE, MEM_NOT_RAM, 0},
	{"beyond RAM", "ghcb:ap-creation:refuse", 0, 2, GHCB_AP_CREATE, MEM_TOO_HIGH, 0},
	{"features without SNP", "ghcb:ap-creation:refuse", 0, 2, GHCB_AP_CREATE, VMSA,
	 SEV_FEAT_SNP_ACTIVE},
	{"no VMSA page", "apm:15-41:vmsa", 0, 2, GHCB_AP_CREATE, PLAIN, 0},
	{"page not validated", "apm:15-41:vmsa", 0, 2, GHCB_AP_CREATE, UNVALIDATED, 0},
	{"shared page", "apm:15-41:vmsa", 0, 2, GHCB_AP_CREATE, SHARED, 0},
	{"PAT with a reserved type", "apm:vmrun:pat", 0, 2, GHCB_AP_CREATE, PAT_RESERVED, 0},
};

static void make_vmsa_page(uint64_t page)
{
	REQUIRE_EQ(rmpadjust(page, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
}

/* One VMSA in five pages, each of which but the first has one thing wrong with it. */
static void make_pages(struct vmplstub *s)
{
	static const uint64_t copies[] = {PLAIN, UNVALIDATED, PAT_RESERVED};

	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 8));
	smp_fill_vmsa((struct vmsa *)VMSA, 0, 2, vmplstub_entry, s, MEM_PAGE(R, 4));
	for (unsigned i = 0; i < ARRAY_LEN(copies); i++)
		memcpy((void *)copies[i], (void *)VMSA, PAGE_SIZE);
	make_vmsa_page(SHARED);
	REQUIRE_EQ(ghcb_msr_psc(SHARED, GHCB_PSC_SHARED), 0);
	memcpy(paging_shared(SHARED), (void *)VMSA, PAGE_SIZE);
	((struct vmsa *)PAT_RESERVED)->g_pat |= RESERVED_TYPE << 56;
	make_vmsa_page(VMSA);
	make_vmsa_page(UNVALIDATED);
	make_vmsa_page(PAT_RESERVED);
	REQUIRE_EQ(pvalidate(UNVALIDATED, RMP_PG_4K, 0, NULL), SNP_SUCCESS);
}

static void check_refused(const struct create_case *c)
{
	if (ghcb_ap_create(percpu()->apic_id + c->apic_offset, c->vmpl, c->op, c->vmsa,
			   snp_features() ^ c->features_xor) == 0)
		CHECK_NE(ghcb_run_vmpl(2), 0);
	else
		CHECK(true);
	ghcb_ap_create(percpu()->apic_id, 2, GHCB_AP_DESTROY, 0, 0);
}

/* The hypervisor refuses a VMSA that it cannot run at once, or at the next RUN_VMPL. */
TEST(ap_create_rules, "ap-create-rules",
     "AP_CREATION with bad arguments is an error, or does not run",
     "ghcb:ap-creation:refuse apm:15-41:vmsa apm:vmrun:pat")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	make_pages(&s);
	for (unsigned i = 0; i < ARRAY_LEN(creates); i++) {
		test_case_of(creates[i].rule, "%s", creates[i].name);
		check_refused(&creates[i]);
		CHECK_EQ(s.runs, 0);
	}
	CHECK_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK_EQ(rmpadjust(PAT_RESERVED, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_reset(R));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The SVSM's side of the #HV doorbell page: GHCB (56421), #HV Doorbell Page. Vector and flags are
 * taken by one exchange, any value is possible, and what does not work leaves the CPU without
 * interrupts and not without life.
 *
 * sources: svsm/platform/snp/doorbell.c svsm/platform/snp/optional.c svsm/cpu/trap/hv.c
 */
#include <stdlib.h>
#include <string.h>
#include "abi/doorbell.h"
#include "abi/ghcb.h"
#include "abi/vmsa.h"
#include "cpu/desc.h"
#include "cpu/trap/hv.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/paging.h"
#include "platform/snp/doorbell.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"
#include "tests/native/check.h"
#include "tests/native/gs.h"

uint64_t paging_kernel_phys = KERNEL_LINKED;

static const struct platform_ops fake = {.events_take = doorbell_take};
const struct platform_ops *platform = &fake;

static struct {
	uint64_t features, offered;
	bool no_memory, no_share, no_register;
	uint64_t what, gpa;
} hv;

static union {
	struct hv_doorbell d;
	uint8_t bytes[PAGE_SIZE];
} page ALIGNED(4096);
static struct ghcb ghcb;
static struct cpu cpu;
static struct cpu_desc desc;
static uint32_t counted[4];
static unsigned warnings;

uint64_t snp_sev_features(void)
{
	return hv.features;
}

uint64_t ghcb_msr_call(uint64_t request)
{
	CHECK_EQ(request, GHCB_MSR_HV_FEATURES_REQ);
	return hv.offered << 12 | GHCB_MSR_HV_FEATURES_RESP;
}

struct ghcb *ghcb_begin(void)
{
	return &ghcb;
}

void ghcb_end(struct ghcb *g)
{
	CHECK(g == &ghcb);
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	(void)g;
	CHECK_EQ(exit_code, 0x80000014);
	CHECK(hv_used); /* it may ring at once */
	hv.what = info1;
	hv.gpa = info2;
	return hv.no_register ? PLATFORM_REFUSED : PLATFORM_OK;
}

void *alloc_pages(unsigned order)
{
	CHECK_EQ(order, 0);
	return hv.no_memory ? NULL : &page;
}

enum platform_result snp_pvalidate(const void *va, int size, bool valid)
{
	CHECK(va == &page && size == RMP_PG_4K && !valid);
	return PLATFORM_OK;
}

enum platform_result snp_page_convert(gpa_t g, uint64_t len, bool shared)
{
	CHECK_EQ(g.v, paging_pa(&page).v);
	CHECK_EQ(len, PAGE_SIZE);
	CHECK(shared);
	return hv.no_share ? PLATFORM_REFUSED : PLATFORM_OK;
}

void paging_set(void *p, enum paging_kind kind)
{
	CHECK(p == &page && kind == PAGING_SHARED);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)fmt;
	warnings += level == LOG_WARN;
}

/* The page is full of rubbish before: memory that was something else. */
static void start(uint64_t features, uint64_t offered)
{
	memset(&hv, 0, sizeof(hv));
	memset(&page, 0xa5, sizeof(page));
	memset(counted, 0, sizeof(counted));
	hv.features = features;
	hv.offered = offered;
	warnings = 0;
	hv_used = 0;
	cpu.desc = &desc;
	desc.ist[IST_HV].top = (uint64_t)counted;
	gs_become(&cpu);
}

#define RESTRICTED (SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ)

TEST(without_the_feature_there_is_nothing)
{
	start(SEV_FEAT_SNP_ACTIVE, GHCB_HV_FEAT_RESTRICTED_INJ);
	doorbell_init();
	CHECK(!doorbell_there());
	CHECK(!hv_used);
	CHECK_EQ(warnings, 0);
	CHECK_EQ(hv_take(), 0);
	CHECK(!doorbell_eoi_spared());
	CHECK_EQ(*hv_count(), 0);
}

TEST(what_fails_leaves_no_doorbell)
{
	for (unsigned i = 0; i < 4; i++) {
		check_context("%u", i);
		start(RESTRICTED, i ? GHCB_HV_FEAT_RESTRICTED_INJ : ~GHCB_HV_FEAT_RESTRICTED_INJ);
		hv.no_memory = i == 1;
		hv.no_share = i == 2;
		hv.no_register = i == 3;
		doorbell_init();
		CHECK(!doorbell_there());
		CHECK_EQ(warnings, 1);
		CHECK_EQ(hv_take(), 0);
	}
}

TEST(every_word)
{
	start(RESTRICTED, GHCB_HV_FEAT_RESTRICTED_INJ);
	doorbell_init();
	CHECK(doorbell_there() && hv_used);
	CHECK_EQ(hv.what, 1); /* set */
	CHECK_EQ(hv.gpa, paging_pa(&page).v);
	CHECK_EQ(page.d.flags, 0);
	CHECK_EQ(warnings, 0);
	for (unsigned w = 0; w < 0x10000; w++) {
		struct platform_events e;

		page.d.vector = (uint8_t)w;
		page.d.flags = (uint8_t)(w >> 8);
		CHECK_EQ(doorbell_take(&e), w != 0);
		if (w) {
			CHECK_EQ(e.vector, w & 0xff);
			CHECK_EQ(e.nmi, w >> 8 & 1);
			CHECK_EQ(e.machine_check, w >> 9 & 1);
		}
		CHECK_EQ(page.d.vector | page.d.flags, 0); /* NoFurtherSignal too */
	}
}

TEST(what_the_hypervisor_claims)
{
	start(RESTRICTED, GHCB_HV_FEAT_RESTRICTED_INJ);
	doorbell_init();
	for (unsigned i = 0; i < 3; i++) { /* a machine check: a line, once */
		page.d.flags = 0xff;
		CHECK_EQ(hv_take(), 0);
		CHECK_EQ(warnings, 1);
	}
	page.d.vector = 3;
	CHECK_EQ(hv_take(), 3);
	page.d.no_eoi_required = 1;
	CHECK(doorbell_eoi_spared());
	CHECK_EQ(page.d.no_eoi_required, 0);
	CHECK(!doorbell_eoi_spared());
	counted[0] = 7;
	CHECK_EQ(*hv_count(), 7);
}

/* What lies in the page before the first look would keep later signals away for as long as the
 * guest runs. */
TEST(run_without_a_look_is_called_off)
{
	start(RESTRICTED, GHCB_HV_FEAT_RESTRICTED_INJ);
	doorbell_init();
	counted[0] = 7;
	CHECK(hv_seen() != *hv_count());
	page.d.vector = 0xf1;
	CHECK_EQ(hv_take_before_run(), 0xf1);
	CHECK_EQ(hv_seen(), *hv_count());
	CHECK(hv_seen() != *hv_count()); /* one look for each run */
}

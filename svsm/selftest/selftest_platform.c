/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-tests of the way to the hypervisor and of exceptions: CPUs, CPUID by #VC, nested uses of
 * the GHCB, conversion of pages, and rights. They look at platform/snp from the inside, so they
 * run on SEV-SNP and native only.
 */
#include "base/x86.h"
#include "mm/paging.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "log/logring.h"
#include "cpu/percpu.h"
#include "selftest/selftest.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "platform/platform.h"
#include "platform/snp/ghcb.h"

SELFTEST(cpus)
{
	for (unsigned i = 0; i < percpu_count(); i++) {
		struct cpu *c = percpu_get(i);

		SELFTEST_TRUE(__atomic_load_n(&c->online, __ATOMIC_ACQUIRE));
		SELFTEST_EQ(percpu_by_apic_id(c->apic_id), c);
	}
	SELFTEST_TRUE(!percpu_get(percpu_count()));
	fmt_snprintf(detail, SELFTEST_DETAIL, "%u CPUs", percpu_count());
	return true;
}

SELFTEST(cpuid_exception)
{
	uint32_t r[4], p[4];

	cpuid(0x8000001f, 0, r); /* #VC */
	platform->cpuid(0x8000001f, 0, p);
	SELFTEST_EQ(r[0], p[0]);
	SELFTEST_EQ(BIT(r[1] & 0x3f), platform_cbit);
	cpuid(0xb, 0, r); /* a #VC whose answer needs the hypervisor */
	if (r[1])
		SELFTEST_EQ(r[3], percpu_this()->apic_id);
	return true;
}

/* A GHCB is half built; then comes everything that may interrupt that. The page, its valid bits
 * and the MSR must stay. */
SELFTEST(ghcb_nesting)
{
	static struct ghcb copy;
	struct ghcb *g = ghcb_begin();
	uint64_t msr = rdmsr(MSR_GHCB);
	uint32_t r[4];

	SELFTEST_TRUE(g);
	GHCB_SET(g, rax, 0x1234);
	GHCB_SET(g, scratch, 0x5678);
	memset(g->buffer, 0xa5, sizeof(g->buffer));
	memcpy(&copy, g, sizeof(copy));
	log_info("selftest: (a line while the GHCB is in use)");
	cpuid(1, 0, r);
	SELFTEST_EQ(ghcb_msr_call(GHCB_MSR_HV_FEATURES_REQ) & GHCB_MSR_INFO_MASK,
		    GHCB_MSR_HV_FEATURES_RESP);
	SELFTEST_EQ(memcmp(&copy, g, sizeof(copy)), 0);
	SELFTEST_EQ(rdmsr(MSR_GHCB), msr);
	SELFTEST_TRUE(GHCB_HAS(g, rax) && GHCB_HAS(g, scratch) && !GHCB_HAS(g, rcx));
	ghcb_end(g);
	return true;
}

SELFTEST(ghcb_depth)
{
	struct ghcb *g[GHCB_DEPTH];

	for (unsigned i = 0; i < GHCB_DEPTH; i++) {
		g[i] = ghcb_begin();
		SELFTEST_TRUE(g[i]);
		GHCB_SET(g[i], rbx, i);
	}
	SELFTEST_TRUE(!ghcb_begin());
	SELFTEST_TRUE(!platform->console_write("x", 1));
	for (unsigned i = GHCB_DEPTH; i--;) {
		SELFTEST_EQ(g[i]->rbx, i);
		ghcb_end(g[i]);
	}
	SELFTEST_EQ(percpu_this()->ghcb->depth, 0);
	return true;
}

/* platform/snp/vc.c logs each emulated instruction at the debug level. */
SELFTEST(log_in_exception)
{
	struct logring *log = percpu_this()->log.ring;
	uint32_t before = log->head;
	uint32_t r[4];

	log_set_level(LOG_DEBUG);
	cpuid(1, 0, r);
	log_set_level(LOG_INFO);
	SELFTEST_EQ(log->head, before + 1);
	SELFTEST_EQ(log->tail, log->head);
	SELFTEST_TRUE(r[3] & BIT(6)); /* PAE, for one */
	return true;
}

SELFTEST(page_state)
{
	uint8_t *p = alloc_page();
	gpa_t g = paging_pa(p);

	SELFTEST_TRUE(p);
	SELFTEST_EQ(platform->page_accept(g, PLATFORM_4K), PLATFORM_NO_CHANGE);
	SELFTEST_EQ(platform->page_release(g, PLATFORM_4K), PLATFORM_OK);
	SELFTEST_EQ(platform->page_convert(g, PAGE_SIZE, true), PLATFORM_OK);
	paging_set(p, PAGING_SHARED);
	memset(p, 0x5a, PAGE_SIZE);
	SELFTEST_EQ(p[PAGE_SIZE - 1], 0x5a);
	SELFTEST_EQ(platform->page_convert(g, PAGE_SIZE, false), PLATFORM_OK);
	paging_set(p, PAGING_PRIVATE);
	SELFTEST_EQ(platform->page_accept(g, PLATFORM_4K), PLATFORM_OK);
	alloc_page_free(p);
	return true;
}

SELFTEST(rights)
{
	void *p = alloc_page();
	gpa_t g = paging_pa(p);

	SELFTEST_TRUE(p);
	SELFTEST_EQ(platform->guest_rights(g, PLATFORM_4K, VMPL_GUEST, RMP_RWX), PLATFORM_OK);
	SELFTEST_EQ(platform->guest_rights(g, PLATFORM_4K, VMPL_GUEST, 0), PLATFORM_OK);
	SELFTEST_EQ(platform->guest_rights(g, PLATFORM_4K, VMPL_SVSM, 0), PLATFORM_INVALID);
	SELFTEST_EQ(platform->guest_rights(g, PLATFORM_4K, VMPL_COUNT, 0), PLATFORM_INVALID);
	SELFTEST_EQ(platform->guest_rights(gpa_add(g, 8), PLATFORM_4K, 2, 0), PLATFORM_INVALID);
	alloc_page_free(p);
	return true;
}

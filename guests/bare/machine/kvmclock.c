/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * kvmclock under the KVM signature (Linux, Documentation/virt/kvm/x86/msr.rst and cpuid.rst):
 * the guest shares a page and names it in an MSR, the hypervisor keeps the time in it.
 */
#include "bare/machine/kvmclock.h"
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define R                9
#define KVM_LEAF         0x40000000
#define KVM_CLOCKSOURCE2 BIT(3)

void pvclock_require(void)
{
	uint32_t r[4] = {0};

	if (!ghcb_cpuid(KVM_LEAF, 0, r) || memcmp(&r[1], "KVMKVMKVM\0\0", 12))
		test_skip("no KVM signature");
	if (!ghcb_cpuid(KVM_LEAF + 1, 0, r) || !(r[0] & KVM_CLOCKSOURCE2))
		test_skip("no kvmclock");
}

uint64_t pvclock_scaled(const struct pvclock *c, uint64_t ticks)
{
	ticks = c->shift < 0 ? ticks >> -c->shift : ticks << c->shift;
	return (uint64_t)((unsigned __int128)ticks * c->mul >> 32);
}

uint64_t pvclock_ns(const struct pvclock *c)
{
	return c->system_time + pvclock_scaled(c, rdtsc() - c->tsc_timestamp);
}

TEST(kvmclock, "kvmclock", "the clock page is filled, even-versioned, and time goes on",
     "keelson:kvmclock")
{
	uint64_t page = MEM_PAGE(R, 1), t0, t1, tsc;
	struct pvclock *c = paging_shared(page);

	pvclock_require();
	REQUIRE(region_reset(R));
	REQUIRE_EQ(ghcb_msr_psc(page, GHCB_PSC_SHARED), 0);
	memset(c, 0, sizeof(*c));
	REQUIRE(ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, page | 1));
	CHECK_NE(READ_ONCE(c->version), 0);
	CHECK_EQ(c->version & 1, 0);
	CHECK_NE(c->mul, 0);
	CHECK_LE(c->tsc_timestamp, rdtsc());
	t0 = pvclock_ns(c);
	tsc = rdtsc();
	while (rdtsc() - tsc < 100000000)
		cpu_relax();
	t1 = pvclock_ns(c);
	CHECK_GE(t1, t0 + 100000000 / 10); /* a TSC of 10 GHz at most */
	CHECK_LE(t1, t0 + 100000000000ull);
	CHECK(ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, 0));
	CHECK(region_reset(R));
}

struct wall {
	uint32_t version, sec, nsec;
};

#define YEAR_2020 1577836800u

/* kvm_write_wall_clock(): written at each write of the MSR. */
TEST(kvmclock_wall, "kvmclock-wall", "the date is written anew at each write of its MSR",
     "keelson:kvmclock:version")
{
	uint64_t page = MEM_PAGE(R, 1);
	volatile struct wall *w = paging_shared(page);

	pvclock_require();
	REQUIRE(region_reset(R));
	REQUIRE_EQ(ghcb_msr_psc(page, GHCB_PSC_SHARED), 0);
	for (unsigned i = 0; i < 2; i++) {
		w->version = 8;
		w->sec = w->nsec = ~0u;
		REQUIRE(ghcb_wrmsr(MSR_KVM_WALL_CLOCK, page));
		CHECK_EQ(w->version, 10);
		CHECK_GE(w->sec, YEAR_2020);
		CHECK_LE(w->nsec, 999999999);
	}
	CHECK(region_reset(R));
}

TEST(kvmclock_refused, "kvmclock-refused", "a clock page that is private is never written",
     "keelson:kvmclock-private")
{
	volatile uint64_t *p = (volatile uint64_t *)MEM_PAGE(R, 2);

	pvclock_require();
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 2, 1));
	p[0] = 0x5555;
	ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, MEM_PAGE(R, 2) | 1); /* may be refused */
	CHECK_EQ(p[0], 0x5555);
	ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, 0);
	CHECK(region_reset(R));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where the clocks are: kvmclock in a shared page of each vCPU (Linux,
 * Documentation/virt/kvm/x86/msr.rst), the PM timer at port 0x608 as QEMU's q35 has it once
 * firmware has set PMBASE, the HPET at 0xfed00000.
 */
#include "bare/timer/clocks.h"
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/pvclock.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define PM_TIMER          0x608
#define PM_HZ             3579545
#define HPET              0xfed00000ull
#define HPET_CAPABILITIES HPET
#define HPET_CONFIG       (HPET + 0x10)
#define HPET_COUNTER      (HPET + 0xf0)
#define HPET_ENABLE       BIT(0)
#define HPET_64_BITS      BIT(13)

static uint8_t pages[PERCPU_COUNT][PAGE_SIZE] ALIGNED(4096);
static uint64_t hpet_femtoseconds, hpet_bits, hpet_config;

static struct pvclock *page(void)
{
	return paging_shared((uint64_t)pages[percpu_index()]);
}

static bool kvm_begin(void)
{
	uint64_t gpa = (uint64_t)pages[percpu_index()];

	if (!vmpl_page_shared(gpa))
		return false;
	memset(page(), 0, sizeof(struct pvclock));
	return ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, gpa | 1) && READ_ONCE(page()->version) &&
	       page()->mul;
}

static bool hpet_begin(void)
{
	uint64_t id = 0;

	if (!ghcb_mmio_read(HPET_CAPABILITIES, 8, &id) || id == ~0ull || !(id >> 32) ||
	    !ghcb_mmio_read(HPET_CONFIG, 8, &hpet_config))
		return false;
	hpet_femtoseconds = id >> 32;
	hpet_bits = id & HPET_64_BITS ? 64 : 32;
	return ghcb_mmio_write(HPET_CONFIG, 8, hpet_config | HPET_ENABLE);
}

bool clocks_begin(void)
{
	return kvm_begin() && (percpu_index() != 0 || hpet_begin());
}

void clocks_end(void)
{
	CHECK(ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, 0));
	CHECK(vmpl_page_private((uint64_t)pages[percpu_index()]));
	if (percpu_index() == 0)
		CHECK(ghcb_mmio_write(HPET_CONFIG, 8, hpet_config));
}

/* An odd version, or another one behind the reading: it was being written. */
static uint64_t kvm_read(const struct pvclock *c)
{
	uint64_t ns, delta;
	uint32_t version;

	do {
		version = READ_ONCE(c->version);
		barrier();
		delta = rdtsc() - c->tsc_timestamp;
		delta = c->shift < 0 ? delta >> -c->shift : delta << c->shift;
		ns = c->system_time + (uint64_t)((unsigned __int128)delta * c->mul >> 32);
		barrier();
	} while ((version & 1) || version != READ_ONCE(c->version));
	return ns;
}

uint64_t clock_read(enum clock c)
{
	uint64_t v = 0;
	uint32_t pm = 0;

	switch (c) {
	case CLOCK_TSC:
		return rdtsc();
	case CLOCK_KVM:
		return kvm_read(page());
	case CLOCK_PM:
		CHECK(ghcb_in(PM_TIMER, 4, &pm));
		return pm;
	default:
		CHECK(ghcb_mmio_read(HPET_COUNTER, 8, &v));
		return v;
	}
}

/* QEMU's PM timer has 24 bits, and reads 0 above them; 32 would be as good. */
uint64_t clock_mask(enum clock c)
{
	if (c == CLOCK_PM)
		return 0xffffff;
	return c == CLOCK_HPET && hpet_bits == 32 ? 0xffffffff : ~0ull;
}

uint64_t clock_ns(enum clock c, uint64_t from, uint64_t to)
{
	uint64_t counted = (to - from) & clock_mask(c);

	switch (c) {
	case CLOCK_TSC:
		return timer_ns(counted);
	case CLOCK_KVM:
		return counted;
	case CLOCK_PM:
		return counted * 1000000000 / PM_HZ;
	default:
		return counted * hpet_femtoseconds / 1000000;
	}
}

const char *clock_name(enum clock c)
{
	static const char *const names[CLOCK_COUNT] = {"tsc", "kvmclock", "pm", "hpet"};

	return names[c];
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Writes to the time-stamp counter, MSR 10h and TSC_ADJUST 3Bh: Linux 6.12, arch/x86/kvm/x86.c,
 * kvm_set_msr_common() and kvm_get_msr_common(). A guest's write moves the offset of its vCPU and
 * no other, whatever other vCPUs have written: kvm_synchronize_tsc() is for writes of user space.
 * They are made at VMPL2, by a stub: a VMPL's counter is its own.
 */
#include "base/x86.h"
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/kvmclock.h"
#include "bare/machine/region.h"
#include "bare/machine/vmplstub.h"
#include "lib/string.h"

#define R             6
#define F7_TSC_ADJUST BIT(1)
#define FAR           (1ull << 50) /* ticks: days */
#define VEC           0x51
#define CLOCK         MEM_PAGE(R, 9)

/* What VMPL2 has found; CHECK is VMPL0's, whose port it is. */
static struct {
	uint64_t written, before, after, msr, adjust, event;
	bool wrote, read;
} at2;

static struct vmplstub stub;

static bool shows_adjust(void)
{
	uint32_t r[4] = {0};

	return ghcb_cpuid(7, 0, r) && r[1] & F7_TSC_ADJUST;
}

static void begin(void)
{
	stub = (struct vmplstub){.op = VMPLSTUB_CALL};
	vmplstub_build(R, 2, &stub);
}

/* fn() runs at VMPL2. */
static void at_vmpl2(void (*fn)(void))
{
	vmplstub_call(2, &stub, fn);
}

static void end(void)
{
	vmplstub_remove(R, 2);
}

static uint64_t by_event(void)
{
	struct ghcb *g = ghcb_begin();

	ghcb_exit(g, GHCB_EXIT_RDTSC, 0, 0);
	return g->rdx << 32 | (uint32_t)g->rax;
}

static void write_it(void)
{
	at2.read = ghcb_rdmsr(MSR_TSC_ADJUST, &at2.adjust);
	at2.wrote = ghcb_wrmsr(MSR_TSC, at2.written);
	at2.before = rdtsc();
	at2.read &= ghcb_rdmsr(MSR_TSC, &at2.msr);
	at2.event = by_event();
	at2.after = rdtsc();
}

static void read_adjust(void)
{
	at2.read = ghcb_rdmsr(MSR_TSC_ADJUST, &at2.adjust);
}

/* The moment of the write lies between two reads at VMPL0, whose counter stays as it was. */
TEST(tsc_write, "tsc-write", "a write to MSR 10h moves that VMPL's counter, and TSC_ADJUST with it",
     "keelson:tsc:write")
{
	static const uint64_t values[] = {0, 1000, FAR, ~0ull - FAR};
	uint64_t t0, t1, old;

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
		test_case("0x%llx", (unsigned long long)values[i]);
		at2.written = values[i];
		t0 = rdtsc();
		at_vmpl2(write_it);
		t1 = rdtsc();
		CHECK(at2.wrote && at2.read);
		old = at2.adjust;
		CHECK_LE(at2.before - values[i], t1 - t0);
		CHECK_LE(at2.msr - at2.before, t1 - t0);
		CHECK_LE(at2.event - at2.msr, t1 - t0);
		CHECK_LE(at2.after - at2.event, t1 - t0);
		test_case("0x%llx: TSC_ADJUST", (unsigned long long)values[i]);
		at_vmpl2(read_adjust);
		CHECK(at2.read);
		if (!i)
			CHECK_EQ(old, 0);
		CHECK_LE(values[i] - at2.adjust - t0, t1 - t0);
		CHECK_LE(rdtsc() - t0, FAR);
	}
	at2.written = rdtsc(); /* about what it was, for whoever comes next */
	at_vmpl2(write_it);
	end();
}

static void write_adjust(void)
{
	at2.read = ghcb_rdmsr(MSR_TSC_ADJUST, &at2.adjust);
	at2.before = rdtsc();
	at2.wrote = ghcb_wrmsr(MSR_TSC_ADJUST, at2.adjust + at2.written);
	at2.after = rdtsc();
	at2.read &= ghcb_rdmsr(MSR_TSC_ADJUST, &at2.msr);
	ghcb_wrmsr(MSR_TSC_ADJUST, at2.adjust);
}

/* QEMU hides it from SNP guests (sev.c, sev_snp_adjust_cpuid_features()): then KVM drops a write,
 * and a read tells what writes to MSR 10h have made of it. */
TEST(tsc_adjust, "tsc-adjust",
     "a write to TSC_ADJUST moves the counter by the difference, where CPUID shows it",
     "keelson:tsc:adjust")
{
	bool shown = shows_adjust();
	uint64_t moved = shown ? FAR : 0, t0, t1;

	begin();
	at2.written = FAR;
	t0 = rdtsc();
	at_vmpl2(write_adjust);
	t1 = rdtsc();
	CHECK(at2.wrote && at2.read);
	CHECK_EQ(at2.msr, at2.adjust + moved);
	CHECK_LE(at2.after - at2.before - moved, t1 - t0);
	test_info("tsc_adjust", "%s", shown ? "shown" : "hidden");
	end();
}

static uint64_t deadline_of(bool *ok)
{
	uint64_t v = 0;

	*ok &= ghcb_rdmsr(MSR_TSC_DEADLINE, &v);
	return v;
}

static volatile uint64_t fired;

static void on_timer(struct trap_frame *t)
{
	(void)t;
	fired = rdtsc();
	apic_write(APIC_EOI, 0);
}

static void wait_for_timer(void)
{
	struct patience p = smp_patience(20);

	sti();
	while (!fired && !smp_patience_over(&p))
		cpu_relax();
	cli();
}

static void deadline(void)
{
	at2.read = apic_enable() && ghcb_wrmsr(MSR_TSC, at2.written) &&
		   apic_write(APIC_LVT_TIMER, APIC_LVT_DEADLINE | VEC);
	fired = 0;
	at2.before = rdtsc() + 20000000;
	at2.wrote = ghcb_wrmsr(MSR_TSC_DEADLINE, at2.before);
	at2.msr = deadline_of(&at2.read);
	wait_for_timer();
	at2.after = deadline_of(&at2.read);
	apic_disable();
}

static void deadline_overtaken(void)
{
	at2.read = apic_enable() && ghcb_wrmsr(MSR_TSC, at2.written) &&
		   apic_write(APIC_LVT_TIMER, APIC_LVT_DEADLINE | VEC);
	fired = 0;
	at2.before = at2.written + FAR;
	at2.wrote = ghcb_wrmsr(MSR_TSC_DEADLINE, at2.before);
	at2.read &= ghcb_wrmsr(MSR_TSC, at2.before + 1);
	wait_for_timer();
	at2.after = deadline_of(&at2.read);
	apic_disable();
}

/* Intel SDM vol. 3, 11.5.4.1: the timer goes off when the counter reaches the deadline, and a
 * counter that was moved past it has. */
TEST(tsc_deadline_moved, "tsc-write-deadline",
     "the TSC deadline is by the VMPL's counter, and a write to that moves the deadline",
     "keelson:tsc:deadline apm:apic:timer-deadline")
{
	static const uint64_t values[] = {100, FAR, ~0ull - 2 * FAR};

	trap_handler_set(VEC, on_timer);
	begin();
	for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
		at2.written = values[i];
		test_case("0x%llx: deadline ahead", (unsigned long long)values[i]);
		at_vmpl2(deadline);
		CHECK(at2.read && at2.wrote);
		CHECK(at2.msr == at2.before || at2.msr == 0);
		CHECK_NE(fired, 0);
		CHECK_GE(fired, at2.before);
		CHECK_EQ(at2.after, 0);
		test_case("0x%llx: the counter is moved past it", (unsigned long long)values[i]);
		at_vmpl2(deadline_overtaken);
		CHECK(at2.read && at2.wrote);
		CHECK_NE(fired, 0);
		CHECK_EQ(at2.after, 0);
	}
	at2.written = rdtsc();
	at_vmpl2(write_it);
	end();
	trap_handler_set(VEC, NULL);
}

static struct pvclock *clock;

static void clock_on(void)
{
	at2.wrote = ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, CLOCK | 1);
	at2.before = pvclock_ns(clock);
}

static void clock_moved(void)
{
	at2.wrote = ghcb_wrmsr(MSR_TSC, at2.written);
	at2.after = pvclock_ns(clock);
}

static void clock_off(void)
{
	at2.wrote = ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, 0);
}

/* x86.c, KVM_REQ_CLOCK_UPDATE behind a write to TSC_ADJUST: "guest's percpu pvclock time could
 * jump". */
TEST(tsc_write_clock, "tsc-write-kvmclock", "kvmclock's page follows a write to the counter",
     "keelson:kvmclock:tsc-write")
{
	uint64_t t0, t1, limit;
	uint32_t version;

	pvclock_require();
	begin();
	REQUIRE_EQ(ghcb_msr_psc(CLOCK, GHCB_PSC_SHARED), 0);
	ghcb_select();
	clock = paging_shared(CLOCK);
	memset(clock, 0, sizeof(*clock));
	t0 = rdtsc();
	at_vmpl2(clock_on);
	CHECK(at2.wrote);
	version = clock->version;
	at2.written = 5000;
	at_vmpl2(clock_moved);
	t1 = rdtsc();
	limit = pvclock_scaled(clock, t1 - t0);
	CHECK(at2.wrote);
	CHECK_GE(at2.after, at2.before);
	CHECK_LE(at2.after - at2.before, limit);
	CHECK_EQ(clock->version & 1, 0);
	CHECK_NE(clock->version, version);
	at_vmpl2(clock_off);
	CHECK(at2.wrote);
	version = clock->version;
	at2.written = rdtsc();
	at_vmpl2(write_it);
	CHECK_EQ(clock->version, version);
	end();
}

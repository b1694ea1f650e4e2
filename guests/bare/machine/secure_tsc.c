/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * SecureTSC, SEV_FEATURES[9]: the counter is the processor's times GUEST_TSC_SCALE plus
 * GUEST_TSC_OFFSET of the VMSA, whatever the hypervisor has set, and MSR C001_0134 tells its rate:
 * APM vol. 2, 15.36.18 and table B-4. A stub at VMPL2 has it, VMPL0 has not.
 */
#include "abi/vmsa.h"
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
#include "lib/tsc.h"

#define R              6
#define STATUS_SECURE  (SEV_FEAT_SECURE_TSC << SEV_STATUS_FEATURES_SHIFT)
#define AUX            0x12345678
#define VEC            0x51
#define CLOCK          MEM_PAGE(R, 9)
#define CPUID_SEV      0x8000001f
#define SEV_SECURE_TSC BIT(8)

static struct vmplstub stub;

/* What VMPL2 has found; CHECK is VMPL0's, whose port it is. */
static struct {
	uint64_t tsc[4], aux, status, freq, deadline, ns;
	uint8_t vector;
	bool ok;
} at2;

static const struct row {
	const char *name;
	uint64_t scale, offset;
} rows[] = {
	{"1.0", TSC_SCALE_ONE, 0},
	{"1.0, ahead", TSC_SCALE_ONE, 1ull << 52},
	{"1.0, wrapped", TSC_SCALE_ONE, 0 - (1ull << 52)},
	{"0.5", TSC_SCALE_ONE / 2, 1000},
	{"2.5, ahead", TSC_SCALE_ONE * 5 / 2, 1ull << 52},
	{"just above 1.0", TSC_SCALE_ONE + 1, 0},
	{"0: it stands still", 0, 77},
};

static void begin(const struct row *row)
{
	test_case("%s", row->name);
	stub = (struct vmplstub){.op = VMPLSTUB_CALL,
				 .features = SEV_FEAT_SECURE_TSC,
				 .tsc_scale = row->scale,
				 .tsc_offset = row->offset};
	memset(&at2, 0, sizeof(at2));
	vmplstub_build(R, 2, &stub);
}

static void at_vmpl2(void (*fn)(void))
{
	vmplstub_call(2, &stub, fn);
}

/* VMPL0's counter as the row's VMPL has it. */
static uint64_t as_row(const struct row *row, uint64_t tsc)
{
	return tsc_scaled(tsc, row->scale) + row->offset;
}

static uint64_t rdtscp(uint64_t *aux)
{
	uint64_t low, high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*aux));
	return high << 32 | low;
}

static void read_all(void)
{
	at2.tsc[0] = rdtsc();
	wrmsr(MSR_TSC_AUX, AUX);
	at2.tsc[1] = rdtscp(&at2.aux);
	at2.ok = ghcb_rdmsr(MSR_TSC, &at2.tsc[2]);
	at2.tsc[3] = rdtsc();
	at2.status = rdmsr(MSR_SEV_STATUS);
}

TEST(secure_tsc, "secure-tsc",
     "SecureTSC: RDTSC, RDTSCP and MSR 10h are scale and offset of the VMSA",
     "apm:15.36.18:counter")
{
	CHECK(ghcb_msr_cpuid(CPUID_SEV, 0) & SEV_SECURE_TSC);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t before, after, t;

		begin(&rows[i]);
		trap_count[VEC_VC] = 0;
		before = rdtsc();
		at_vmpl2(read_all);
		after = rdtsc();
		CHECK_EQ(trap_count[VEC_VC], 0);
		CHECK(at2.ok);
		t = as_row(&rows[i], before);
		for (unsigned k = 0; k < ARRAY_LEN(at2.tsc); k++) {
			CHECK_LE(t - rows[i].offset, at2.tsc[k] - rows[i].offset);
			t = at2.tsc[k];
		}
		CHECK_LE(t - rows[i].offset, as_row(&rows[i], after) - rows[i].offset);
		CHECK_EQ(at2.aux, AUX);
		CHECK_EQ(at2.status & STATUS_SECURE, STATUS_SECURE);
		vmplstub_remove(R, 2);
	}
	CHECK_EQ(rdmsr(MSR_SEV_STATUS) & STATUS_SECURE, snp_features() << 2 & STATUS_SECURE);
}

static struct fault fault;

static void read_freq(void)
{
	at2.ok = true;
	at2.freq = rdmsr(MSR_GUEST_TSC_FREQ);
	if (FAULT_CATCH(&fault)) {
		wrmsr(MSR_GUEST_TSC_FREQ, 1);
		fault_release();
		at2.ok = false;
	}
	at2.vector = fault.vector;
}

/* In MHz, bits 17:0 (Linux 6.16, snp_secure_tsc_init()); it is read-only, and no exit to the
 * hypervisor: KVM does not intercept it. The machine's rounds up. */
TEST(secure_tsc_freq, "secure-tsc-freq",
     "SecureTSC: GUEST_TSC_FREQ is the counter's rate in MHz, without #VC; a write is #GP",
     "apm:15.36.18:freq")
{
	uint64_t khz = ghcb_tsc_khz();

	REQUIRE(khz);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		begin(&rows[i]);
		trap_count[VEC_VC] = 0;
		at_vmpl2(read_freq);
		CHECK_EQ(at2.freq, (tsc_scaled(khz, rows[i].scale) + 999) / 1000);
		CHECK_EQ(trap_count[VEC_VC], 0);
		CHECK(at2.ok && fault.hit);
		CHECK_EQ(at2.vector, VEC_GP);
		vmplstub_remove(R, 2);
	}
}

static void write_counter(void)
{
	at2.ok = ghcb_wrmsr(MSR_TSC, 12345);
	at2.ok &= ghcb_wrmsr(MSR_TSC_ADJUST, 1ull << 50);
	at2.tsc[0] = rdtsc();
}

/* KVM drops it, kvm_set_msr_common(); by the manual such a counter is undefined from then on. */
TEST(secure_tsc_write, "secure-tsc-write", "SecureTSC: a write to MSR 10h or 3Bh moves no counter",
     "keelson:tsc:secure")
{
	const struct row *row = &rows[1];
	uint64_t before, after;

	begin(row);
	before = rdtsc();
	at_vmpl2(write_counter);
	after = rdtsc();
	CHECK(at2.ok);
	CHECK_LE(at2.tsc[0] - as_row(row, before), after - before);
	vmplstub_remove(R, 2);
}

static volatile uint64_t fired;

static void on_timer(struct trap_frame *t)
{
	(void)t;
	fired = rdtsc();
	apic_write(APIC_EOI, 0);
}

static void deadline(void)
{
	struct patience p;

	fired = 0;
	at2.ok = apic_enable() && apic_write(APIC_LVT_TIMER, APIC_LVT_DEADLINE | VEC);
	at2.deadline = rdtsc() + 5000000;
	at2.ok &= ghcb_wrmsr(MSR_TSC_DEADLINE, at2.deadline);
	p = smp_patience(20);
	sti();
	while (!fired && !smp_patience_over(&p))
		cpu_relax();
	cli();
	apic_disable();
}

TEST(secure_tsc_deadline, "secure-tsc-deadline",
     "SecureTSC: the APIC timer's deadline is by the VMPL's counter", "keelson:tsc:deadline")
{
	trap_handler_set(VEC, on_timer);
	for (unsigned i = 0; i < ARRAY_LEN(rows) && rows[i].scale; i++) {
		begin(&rows[i]);
		at_vmpl2(deadline);
		CHECK(at2.ok);
		CHECK_NE(fired, 0);
		CHECK_GE(fired, at2.deadline);
		vmplstub_remove(R, 2);
	}
	trap_handler_set(VEC, NULL);
}

static struct pvclock *clock2;

static void read_clock(void)
{
	at2.ok = ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, CLOCK | 1);
	at2.ns = pvclock_ns(clock2);
	at2.ok &= ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, 0);
}

/* One time base for all, so VMPL2's reading lies between two of VMPL0's; 2^-19 of it is for rates,
 * which are whole kHz. */
static void check_clock(const struct row *row, const struct pvclock *mine)
{
	uint64_t before, after, slack;

	begin(row);
	REQUIRE_EQ(ghcb_msr_psc(CLOCK, GHCB_PSC_SHARED), 0);
	ghcb_select();
	clock2 = paging_shared(CLOCK);
	memset(clock2, 0, sizeof(*clock2));
	before = pvclock_ns(mine);
	at_vmpl2(read_clock);
	after = pvclock_ns(mine);
	slack = (after >> 19) + 1000;
	CHECK(at2.ok);
	CHECK_GE(at2.ns + slack, before);
	CHECK_LE(at2.ns, after + slack);
	vmplstub_remove(R, 2);
}

#define OWN_CLOCK MEM_PAGE(R + 1, 1)

TEST(secure_tsc_clock, "secure-tsc-kvmclock",
     "SecureTSC: kvmclock tells one time at all VMPLs, whatever their counters",
     "keelson:kvmclock:counter")
{
	struct pvclock *mine = paging_shared(OWN_CLOCK);

	pvclock_require();
	REQUIRE(region_reset(R + 1));
	REQUIRE_EQ(ghcb_msr_psc(OWN_CLOCK, GHCB_PSC_SHARED), 0);
	ghcb_select();
	memset(mine, 0, sizeof(*mine));
	REQUIRE(ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, OWN_CLOCK | 1));
	for (unsigned i = 0; i < ARRAY_LEN(rows) && rows[i].scale; i++)
		check_clock(&rows[i], mine);
	CHECK(ghcb_wrmsr(MSR_KVM_SYSTEM_TIME, 0));
	CHECK(region_reset(R + 1));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * KVM's paravirtual clock. The date comes from the real-time clock once; from then on the guest
 * reads the TSC and scales it with the factors that it finds in its page. All vCPUs have one time
 * base, so the page of a vCPU is written when its MSR is, and when its counter moved.
 */
#include "machine/dev/clock/kvmclock.h"
#include "machine/cpu/guard.h"
#include "machine/dev/clock/pvclock.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/wait.h"
#include "base/x86.h"

#define NS 1000000000ull

static uint64_t start; /* the date at system time 0: ns since 1970 */

#define RTC_INDEX    0x70
#define RTC_DATA     0x71
#define RTC_A_UIP    BIT(7)
#define RTC_B_BINARY BIT(2)
#define RTC_B_24H    BIT(1)
#define RTC_WAIT_MS  1000

static uint8_t rtc_read(uint8_t reg)
{
	outb(RTC_INDEX, reg);
	return inb(RTC_DATA);
}

/* The chip counts in BCD or binary, as its register B says. */
static unsigned rtc_number(uint8_t reg, bool binary)
{
	uint8_t v = rtc_read(reg);

	return binary ? v : (v >> 4) * 10 + (v & 15);
}

/* In 12-hour form the top bit says p.m., and 12 stands for 0. */
static unsigned rtc_hour(uint8_t b)
{
	uint8_t raw = rtc_read(4);
	unsigned h = raw & 0x7f;

	if (!(b & RTC_B_BINARY))
		h = (h >> 4) * 10 + (h & 15);
	if (!(b & RTC_B_24H))
		h = h % 12 + (raw & 0x80 ? 12 : 0);
	return h;
}

/* The bound is for a chip that updates for ever; a second's error is no harm. */
static uint64_t rtc_seconds(void)
{
	uint8_t b = rtc_read(0xb);
	bool bin = b & RTC_B_BINARY;
	struct patience p = host_patience(RTC_WAIT_MS);

	while ((rtc_read(0xa) & RTC_A_UIP) && !host_patience_over(&p))
		cpu_relax();
	return pvclock_seconds(2000 + rtc_number(9, bin), rtc_number(8, bin), rtc_number(7, bin),
			       rtc_hour(b), rtc_number(2, bin), rtc_number(0, bin));
}

/* The chip counts seconds, so the date is good to one; what counts is that all vCPUs are told the
 * same. */
void kvmclock_init(void)
{
	uint32_t mul;
	int8_t shift;

	pvclock_scale(host_tsc_khz(), &mul, &shift);
	start = rtc_seconds() * NS - pvclock_ns(rdtsc() - KVMCLOCK_ZERO, mul, shift);
}

/* The version is odd while the page is being written: a reader on another vCPU tries again. The
 * flag of a guest that was stopped is the guest's to clear: kvm_setup_guest_pvclock(). */
void kvmclock_show_time(const struct kvmclock *c, uint64_t zero, uint64_t khz)
{
	gpa_t g = gpa(c->system_time & ~BIT(0));
	struct pvclock_vcpu_time_info *t;
	uint32_t version, mul;
	int8_t shift;

	if (!(c->system_time & BIT(0)) || g.v & 3 || !guard_is_shared(g, sizeof(*t)))
		return;
	t = guest_ptr(g);
	pvclock_scale(MAX(khz, 1ull), &mul, &shift);
	version = (READ_ONCE(t->version) + 1) | 1;
	WRITE_ONCE(t->version, version);
	barrier();
	t->tsc_timestamp = zero;
	t->system_time = 0;
	t->tsc_to_system_mul = mul;
	t->tsc_shift = shift;
	t->flags = (READ_ONCE(t->flags) & PVCLOCK_GUEST_STOPPED) | PVCLOCK_TSC_STABLE;
	barrier();
	WRITE_ONCE(t->version, version + 1);
}

/* Written at each write of the MSR, which is how a guest asks for it. */
void kvmclock_show_date(const struct kvmclock *c)
{
	gpa_t g = gpa(c->wall_clock);
	struct pvclock_wall_clock *w;
	uint32_t version;

	if (g.v & 3 || !guard_is_shared(g, sizeof(*w)))
		return;
	w = guest_ptr(g);
	version = (READ_ONCE(w->version) + 1) | 1;
	WRITE_ONCE(w->version, version);
	barrier();
	w->sec = (uint32_t)(start / NS);
	w->nsec = start % NS;
	barrier();
	WRITE_ONCE(w->version, version + 1);
}

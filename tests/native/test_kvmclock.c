/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The pages of kvmclock: Linux, Documentation/virt/kvm/x86/msr.rst; 6.12, arch/x86/kvm/x86.c,
 * kvm_setup_guest_pvclock() and kvm_write_wall_clock().
 *
 * sources: launch/machine/dev/clock/kvmclock.c launch/machine/dev/clock/pvclock.c
 */
#include <stdlib.h>
#include <string.h>
#include "machine/cpu/guard.h"
#include "machine/dev/clock/kvmclock.h"
#include "machine/dev/clock/pvclock.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/time.h"
#include "tests/native/check.h"

#define KHZ  2596140ull
#define PAGE 0x5000ull

static uint8_t page[0x1000] ALIGNED(64), before[0x1000];
static bool shared;

bool guard_is_shared(gpa_t g, uint64_t len)
{
	return shared && g.v >= PAGE && g.v - PAGE <= sizeof(page) - len;
}

void *guest_ptr(gpa_t g)
{
	return page + (g.v - PAGE);
}

uint64_t host_tsc_khz(void)
{
	return KHZ;
}

static void setup(void)
{
	shared = true;
	memset(page, 0x5a, sizeof(page));
	memcpy(before, page, sizeof(page));
}

static struct pvclock_vcpu_time_info *time_at(unsigned at)
{
	return (struct pvclock_vcpu_time_info *)(page + at);
}

/* Odd while it changes: a junk version is made odd first, and the end of each update is even. */
TEST(the_version_counts_updates)
{
	static const struct {
		uint32_t old, now;
	} rows[] = {{0, 2}, {2, 4}, {1, 4}, {7, 10}, {0xfffffffe, 0}, {0xffffffff, 2}};
	struct kvmclock c = {.system_time = (PAGE + 64) | 1, .wall_clock = PAGE + 128};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		setup();
		memcpy(page + 64, &rows[i].old, 4);
		memcpy(page + 128, &rows[i].old, 4);
		kvmclock_show_time(&c, 0, KHZ);
		kvmclock_show_date(&c);
		CHECK_EQ(time_at(64)->version, rows[i].now);
		CHECK_EQ(*(uint32_t *)(page + 128), rows[i].now);
	}
}

TEST(time_is_by_the_guest_s_counter)
{
	struct kvmclock c = {.system_time = (PAGE + 4) | 1};
	struct pvclock_vcpu_time_info *t = time_at(4);
	uint64_t zero = 0 - 123456789ull, ns;

	setup();
	kvmclock_show_time(&c, zero, KHZ / 2);
	CHECK_EQ(t->tsc_timestamp, zero);
	ns = t->system_time + pvclock_ns(zero + KHZ / 2 * 1000 - t->tsc_timestamp,
					 t->tsc_to_system_mul, t->tsc_shift);
	CHECK(ns > 999999900 && ns <= 1000000000);
	CHECK_MEM(page, before, 4);
	CHECK_MEM(page + 4 + sizeof(*t), before, sizeof(page) - 4 - sizeof(*t));
}

/* "retain PVCLOCK_GUEST_STOPPED if set in guest copy"; all vCPUs have one time base. */
TEST(the_flags)
{
	struct kvmclock c = {.system_time = PAGE | 1};

	for (unsigned old = 0; old < 256; old++) {
		setup();
		time_at(0)->flags = (uint8_t)old;
		kvmclock_show_time(&c, 0, KHZ);
		CHECK_EQ(time_at(0)->flags, (old & 2) | 1);
	}
}

/* A guest may have set a scale of 0, by which its counter has no rate. */
TEST(a_rate_of_0_ends)
{
	struct kvmclock c = {.system_time = PAGE | 1};

	setup();
	kvmclock_show_time(&c, 77, 0);
	CHECK_EQ(time_at(0)->tsc_timestamp, 77);
}

TEST(what_is_no_place_is_not_written)
{
	static const struct kvmclock rows[] = {
		{.system_time = PAGE,
		 .wall_clock = PAGE + 0xffc}, /* not enabled; out of the page */
		{.system_time = (PAGE + 2) | 1, .wall_clock = PAGE + 2},
		{.system_time = (PAGE + 0xfe4) | 1, .wall_clock = PAGE + 0xff8},
		{.system_time = (PAGE - 4) | 1, .wall_clock = PAGE - 4},
		{.system_time = 0, .wall_clock = 0},
		{.system_time = ~0ull, .wall_clock = ~3ull},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		setup();
		kvmclock_show_time(&rows[i], 0, KHZ);
		kvmclock_show_date(&rows[i]);
		CHECK_MEM(page, before, sizeof(page));
	}
	setup();
	shared = false;
	kvmclock_show_time(&(struct kvmclock){.system_time = PAGE | 1}, 0, KHZ);
	kvmclock_show_date(&(struct kvmclock){.wall_clock = PAGE});
	CHECK_MEM(page, before, sizeof(page));
}

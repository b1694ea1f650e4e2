/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * MMIO that the hypervisor answers in the exit itself: of which pages, by the same registers as the
 * GHCB's events, and that it is counted.
 *
 * sources: launch/machine/hv/ghcb/nae_mmio.c
 */
#include "machine/cpu/exec/vmm.h"
#include "machine/dev/mmio.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/irq.h"
#include "machine/hv/state/state.h"
#include "tests/native/check.h"

#include <stdlib.h>

#define IOAPIC 0xfec00000ull

static struct vcpu v;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[32] = {&state};
static unsigned synced, reads, writes;
static uint64_t at, written;
static unsigned length;

bool mmio_is_platform(uint64_t a)
{
	return a >= IOAPIC && a < IOAPIC + PAGE_SIZE;
}

uint64_t mmio_read(uint64_t a, unsigned len)
{
	CHECK_EQ(synced, 1);
	at = a;
	length = len;
	reads++;
	return 0x1122334455667788;
}

void mmio_write(uint64_t a, unsigned len, uint64_t value)
{
	CHECK_EQ(synced, 1);
	at = a;
	length = len;
	written = value;
	writes++;
}

void irq_sync(struct vcpu *who)
{
	CHECK(who == &v);
	synced++;
}

void ghcb_fail(struct ghcb_call *c, unsigned reason)
{
	(void)c, (void)reason;
	abort();
}

bool ghcb_store(const struct ghcb_call *c, void *to, const void *from, size_t len)
{
	(void)c, (void)to, (void)from, (void)len;
	abort();
}

void *ghcb_scratch(const struct ghcb_call *c, uint64_t len)
{
	(void)c, (void)len;
	abort();
}

bool host_guest_ram(gpa_t g, uint64_t len)
{
	(void)g, (void)len;
	abort();
}

uint32_t apic_read(struct vapic *a, unsigned reg)
{
	(void)a, (void)reg;
	abort();
}

void apic_write(struct vapic *a, unsigned reg, uint32_t value)
{
	(void)a, (void)reg, (void)value;
	abort();
}

TEST(the_two_pages_are_answered_at_once)
{
	uint64_t value = 0x55;

	v.vmpl = 2;
	CHECK(vmm_fast_mmio(&v, gpa(IOAPIC + 0x10), 4, true, &value));
	CHECK_EQ(at, IOAPIC + 0x10);
	CHECK_EQ(length, 4);
	CHECK_EQ(written, 0x55);
	synced = 0;
	CHECK(vmm_fast_mmio(&v, gpa(IOAPIC), 2, false, &value));
	CHECK_EQ(at, IOAPIC);
	CHECK_EQ(length, 2);
	CHECK_EQ(value, 0x1122334455667788);
	CHECK_EQ(state.count[2][STAT_MMIO_FAST], 2);
	CHECK_EQ(reads + writes, 2);
}

TEST(others_raise_vc)
{
	uint64_t value = 0x55;

	synced = 0;
	CHECK(!vmm_fast_mmio(&v, gpa(IOAPIC + PAGE_SIZE), 4, true, &value));
	CHECK(!vmm_fast_mmio(&v, gpa(IOAPIC - 4), 4, false, &value));
	CHECK_EQ(synced, 0);
	CHECK_EQ(value, 0x55);
	CHECK_EQ(state.count[2][STAT_MMIO_FAST], 2);
	CHECK_EQ(reads + writes, 2);
}

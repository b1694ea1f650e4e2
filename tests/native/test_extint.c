/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A lower VMPL's part of the doorbell page, written by the hypervisor: GHCB draft of 2025, extended
 * interrupt information. consume() reads it as COCONUT-SVSM does (kernel/src/cpu/apic.rs,
 * consume_host_interrupts): whatever is posted must come out of it, once.
 *
 * sources: svsm/lib/vapic/extint.c
 */
#include "lib/vapic/extint.h"
#include "tests/native/check.h"

#include <string.h>

static struct hv_doorbell_vmpl d;
static bool level_of[256];
static unsigned got[256];

static bool level_bits(void)
{
	return d.status & DOORBELL_VMPL_LEVEL;
}

static void consume_level(void)
{
	uint8_t vector = d.status & DOORBELL_VMPL_VECTOR;

	d.status &= ~(DOORBELL_VMPL_VECTOR | (uint32_t)DOORBELL_VMPL_LEVEL);
	CHECK(level_of[vector]);
	got[vector]++;
}

static void consume_edge(uint8_t vector)
{
	CHECK(!level_of[vector]);
	got[vector]++;
}

static void consume(void)
{
	uint32_t status;

	if (level_bits())
		consume_level();
	status = d.status;
	if (status & DOORBELL_VMPL_MANY) {
		d.status &= ~(uint32_t)(DOORBELL_VMPL_MANY | DOORBELL_VMPL_31);
		if (status & DOORBELL_VMPL_31)
			consume_edge(31);
		for (unsigned n = 32; n < 256; n++)
			if (d.irr[n / 32 - 1] >> n % 32 & 1)
				consume_edge((uint8_t)n);
		memset(d.irr, 0, sizeof(d.irr));
	} else if (status & DOORBELL_VMPL_VECTOR) {
		d.status &= ~DOORBELL_VMPL_VECTOR;
		consume_edge(status & DOORBELL_VMPL_VECTOR);
	}
}

static void start(void)
{
	memset(&d, 0, sizeof(d));
	memset(got, 0, sizeof(got));
}

TEST(one_vector_is_in_status)
{
	for (unsigned n = 16; n < 256; n++) {
		start();
		CHECK(extint_post(&d, (uint8_t)n, false));
		CHECK(extint_post(&d, (uint8_t)n, false));
		CHECK_EQ(d.status, n);
		start();
		CHECK(extint_post(&d, (uint8_t)n, true));
		CHECK_EQ(d.status, n | DOORBELL_VMPL_LEVEL);
	}
}

TEST(two_vectors_are_in_irr)
{
	for (unsigned n = 31; n < 256; n++) {
		start();
		CHECK(extint_post(&d, 0x51, false));
		CHECK(extint_post(&d, (uint8_t)n, false));
		if (n == 0x51)
			continue;
		CHECK_EQ(d.status, DOORBELL_VMPL_MANY | (n == 31 ? DOORBELL_VMPL_31 : 0));
		CHECK_EQ(d.irr[1] & BIT(0x51 % 32), BIT(0x51 % 32));
		if (n > 31)
			CHECK_EQ(d.irr[n / 32 - 1] >> n % 32 & 1, 1);
	}
}

/* 16 to 30 have no bit: such a vector waits, and so does what would need its place. */
TEST(what_has_no_room_waits)
{
	start();
	CHECK(extint_post(&d, 0x51, false));
	CHECK(!extint_post(&d, 20, false));
	CHECK_EQ(d.status, 0x51);
	start();
	CHECK(extint_post(&d, 20, false));
	CHECK(!extint_post(&d, 0x51, false));
	CHECK(!extint_post(&d, 0x51, true));
	CHECK_EQ(d.status, 20);
	start();
	CHECK(extint_post(&d, 0x61, true));
	CHECK(!extint_post(&d, 0x71, true));
	CHECK_EQ(d.status, 0x61 | DOORBELL_VMPL_LEVEL);
}

TEST(a_level_stands_beside_edges)
{
	start();
	CHECK(extint_post(&d, 0x51, false));
	CHECK(extint_post(&d, 0x61, true));
	CHECK_EQ(d.status, 0x61 | DOORBELL_VMPL_LEVEL | DOORBELL_VMPL_MANY);
	CHECK_EQ(d.irr[1], BIT(0x51 % 32));
	CHECK(extint_post(&d, 0x71, false));
	CHECK_EQ(d.irr[2], BIT(0x71 % 32));
	extint_post_nmi(&d);
	CHECK_EQ(d.status, 0x61 | DOORBELL_VMPL_LEVEL | DOORBELL_VMPL_MANY | DOORBELL_VMPL_NMI);
}

/* Any order of posting and taking: each request comes out once; one made again before it was taken
 * is the same one. */
TEST(none_is_lost_and_none_comes_twice)
{
	uint32_t seed = 7;
	unsigned asked[256] = {0};
	bool shown[256] = {false};

	start();
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t n = (uint8_t)(16 + check_random(&seed) % 240);

		level_of[n] = n % 5 == 0;
		if (check_random(&seed) % 4 && extint_post(&d, n, level_of[n])) {
			asked[n] += !shown[n];
			shown[n] = true;
		} else if (check_random(&seed) % 8 == 0) {
			consume();
			memset(shown, 0, sizeof(shown));
			if (d.status)
				break;
		}
	}
	consume();
	for (unsigned n = 0; n < 256; n++)
		if (!CHECK_EQ(got[n], asked[n]))
			break;
}

TEST(all_is_taken_back)
{
	struct extint_taken t;

	start();
	CHECK(extint_post(&d, 31, false));
	CHECK(extint_post(&d, 0xff, false));
	CHECK(extint_post(&d, 0x61, true));
	extint_post_nmi(&d);
	d.isr[0] = d.isr[3] = ~0u;
	t = extint_take(&d);
	CHECK_EQ(t.irr[0], BIT(31));
	CHECK_EQ(t.irr[3], BIT(1));
	CHECK_EQ(t.irr[7], BIT(31));
	CHECK_EQ(t.level, 0x61);
	CHECK(t.nmi);
	CHECK_EQ(t.isr[0], 0xffff0000); /* no vector below 16: APM vol. 2, 16.6.1 */
	CHECK_EQ(t.isr[3], ~0u);
	for (unsigned i = 0; i < sizeof(d) / 4; i++)
		CHECK_EQ(((uint32_t *)&d)[i], 0);
}

/* irr[] counts with MANY only, and the vector without MANY or as a level one only. */
TEST(what_does_not_count_is_not_taken)
{
	struct extint_taken t;

	start();
	d.status = 0x51;
	d.irr[3] = 1;
	t = extint_take(&d);
	CHECK_EQ(t.irr[2], BIT(0x51 % 32));
	CHECK_EQ(t.irr[4], 0);
	d.status = DOORBELL_VMPL_MANY | 0x51;
	d.irr[3] = 1;
	t = extint_take(&d);
	CHECK_EQ(t.irr[2], 0);
	CHECK_EQ(t.irr[4], 1);
	d.status = DOORBELL_VMPL_LEVEL | 5;
	t = extint_take(&d);
	CHECK_EQ(t.irr[0], 0);
	CHECK_EQ(t.level, 0);
}

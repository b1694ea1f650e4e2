/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * APIC IDs from a host's MADT.
 *
 * sources: svsm/lib/madt.c
 */
#include "tests/native/check.h"
#include "lib/madt.h"

#include <string.h>

static uint8_t madt[256];

static void madt_start(void)
{
	memset(madt, 0, sizeof(madt));
	memcpy(madt, "APIC", 4);
	madt[4] = 44;
}

static void madt_add(const void *e, uint8_t len)
{
	memcpy(madt + madt[4], e, len);
	madt[4] += len;
}

TEST(madt_ids)
{
	const uint8_t a[] = {0, 8, 0, 1, 1, 0, 0, 0}, b[] = {0, 8, 1, 2, 0, 0, 0, 0},
		      x[] = {9, 16, 0, 0, 0x34, 0x12, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
		      other[] = {1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	uint32_t ids[4];

	madt_start();
	madt_add(a, sizeof(a));
	madt_add(other, sizeof(other));
	madt_add(b, sizeof(b)); /* not enabled */
	madt_add(x, sizeof(x));
	madt_add(a, sizeof(a)); /* again */
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 2);
	CHECK_EQ(ids[0], 1);
	CHECK_EQ(ids[1], 0x1234);
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 1), 1);
}

TEST(madt_malformed)
{
	const uint8_t none[] = {0, 0}, past[] = {0, 200, 0, 1};
	uint32_t ids[4];

	madt_start();
	madt_add(none, sizeof(none));
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	madt_start();
	madt_add(past, sizeof(past));
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	madt_start();
	madt[5] = 0xff; /* length beyond the area */
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	madt_start();
	madt[0] = 'B';
	CHECK_EQ(madt_apic_ids(madt, sizeof(madt), ids, 4), 0);
	CHECK_EQ(madt_apic_ids(madt, 43, ids, 4), 0);
}

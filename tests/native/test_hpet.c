/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * No timer of the HPET can be made to signal by a message: IA-PC HPET 1.0a, 2.3.8 and 2.3.10.
 *
 * sources: launch/machine/dev/hpet.c
 */
#include "machine/dev/hpet.h"
#include "tests/native/check.h"

static uint64_t written(uint32_t offset, unsigned len, uint64_t value)
{
	return hpet_write(offset, len, &value) ? value : ~0ull;
}

TEST(no_timer_signals_by_a_message)
{
	for (unsigned timer = 0; timer < 24; timer++) {
		uint32_t at = 0x100 + 0x20 * timer;

		check_context("timer %u", timer);
		CHECK_EQ(written(at, 4, 0x7f4e), 0x3f4e);
		CHECK_EQ(written(at, 8, 0x100007f4e), 0x100003f4e);
		CHECK_EQ(written(at + 4, 4, 0x4000), 0x4000); /* another register */
		CHECK_EQ(written(at + 8, 8, 0x4000), 0x4000); /* the comparator */
		CHECK_EQ(written(at + 0x10, 4, 1), ~0ull);
		CHECK_EQ(written(at + 0x14, 4, 1), ~0ull);
		CHECK_EQ(written(at + 0x10, 8, 1), ~0ull);
	}
}

TEST(registers_of_all_timers_are_passed_on)
{
	CHECK_EQ(written(0x10, 4, 0x4001), 0x4001);
	CHECK_EQ(written(0xf0, 8, 0x123456789abcdef), 0x123456789abcdef);
	CHECK_EQ(written(0xf4, 4, 1), 1);
}

/* Whatever is not an aligned access of the device's would be taken apart by QEMU, or is refused. */
TEST(other_accesses_are_dropped)
{
	static const struct {
		uint32_t offset;
		unsigned len;
	} bad[] = {{0x101, 1}, {0x100, 1}, {0x100, 2}, {0xfe, 4}, {0x102, 4},
		   {0x104, 8}, {0x10c, 8}, {0x3fc, 8}, {0x400, 4}};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("%u at 0x%x", bad[i].len, bad[i].offset);
		CHECK_EQ(written(bad[i].offset, bad[i].len, 0x4000), ~0ull);
	}
}

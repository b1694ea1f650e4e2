/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The memory map that firmware finds in its parameter area: ascending, all RAM but what the launch
 * has put below 4 GiB, and the SVSM's memory as reserved. edk2's
 * OvmfPkg/Library/PlatformInitLib/MemDetect.c takes the first RAM, from 0 on, for low memory.
 *
 * sources: svsm/boot/firmware/params.c svsm/mm/memmap.c
 */
#include "tests/native/check.h"
#include "boot/firmware/firmware.h"
#include "boot/guest.h"
#include "cpu/percpu.h"
#include "log/log.h"

#include <string.h>

static const struct launch_info info = {.svsm = {0x78000000, 0x1000000},
					.kernel = {0xffc00000, 0x400000},
					.setup = {0x79001000, 0x1000},
					.params = {0x812000, 8, 0x8120c0}};

static struct igvm_memory_map_entry out[16], params[8];
static uint32_t vcpus;

void guest_put(gpa_t g, const void *src, size_t len)
{
	if (g.v == 0x812000 && CHECK(len <= sizeof(params)))
		memcpy(params, src, len);
	else if (CHECK_EQ(g.v, 0x8120c0) && CHECK_EQ(len, sizeof(vcpus)))
		memcpy(&vcpus, src, len);
}

unsigned percpu_guest_count(void)
{
	return 3;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void is(unsigned i, uint64_t base, uint64_t end, unsigned type)
{
	CHECK_EQ(out[i].pfn, base >> PAGE_SHIFT);
	CHECK_EQ(out[i].pages, (end - base) >> PAGE_SHIFT);
	CHECK_EQ(out[i].type, type);
	CHECK(!out[i].flags && !out[i].reserved);
}

TEST(much_ram)
{
	/* The image ends where high RAM begins, so the two are one range of the SVSM's map. */
	const struct memmap_range ram[] = {{gpa(0), 0xa0000},
					   {gpa(0x100000), 0x77f00000},
					   {gpa(0x79001000), 0x1000},
					   {gpa(0xffc00000), 0x400000 + 0x100000000}};

	CHECK_EQ(firmware_memory_map(&info, ram, ARRAY_LEN(ram), out, 8), 4);
	is(0, 0, 0xa0000, IGVM_MEMORY_RAM);
	is(1, 0x100000, 0x78000000, IGVM_MEMORY_RAM);
	is(2, 0x78000000, 0x79002000, IGVM_MEMORY_RESERVED);
	is(3, 0x100000000, 0x200000000, IGVM_MEMORY_RAM);
}

TEST(ram_below_the_svsm_only)
{
	const struct memmap_range ram[] = {
		{gpa(0), 0x78000000}, {gpa(0x79001000), 0x1000}, {gpa(0xffc00000), 0x400000}};

	CHECK_EQ(firmware_memory_map(&info, ram, ARRAY_LEN(ram), out, 8), 2);
	is(0, 0, 0x78000000, IGVM_MEMORY_RAM);
	is(1, 0x78000000, 0x79002000, IGVM_MEMORY_RESERVED);
}

TEST(too_many_ranges_are_none)
{
	struct memmap_range ram[9];

	for (unsigned i = 0; i < ARRAY_LEN(ram); i++)
		ram[i] = (struct memmap_range){gpa(i * 0x100000), 0x1000};
	CHECK_EQ(firmware_memory_map(&info, ram, 8, out, 8), 8);
	CHECK_EQ(firmware_memory_map(&info, ram, 9, out, 8), 0);
	CHECK_EQ(firmware_memory_map(&info, ram, 9, out, 9), 9);
}

TEST(what_was_asked_for_is_written)
{
	const struct memmap_range ram[] = {
		{gpa(0), 0x78000000}, {gpa(0x78000000), 0x1000000}, {gpa(0x79001000), 0x1000}};

	CHECK(memmap_set(ram, ARRAY_LEN(ram), gpa(info.svsm.gpa), info.svsm.size));
	firmware_params_write(&info);
	CHECK_EQ(vcpus, 3);
	CHECK_EQ(params[0].pages, 0x78000);
	CHECK_EQ(params[1].type, IGVM_MEMORY_RESERVED);
	CHECK_EQ(params[2].pages, 0);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where the guest's RAM lies: as a q35 has it, whatever QEMU's own map is (QEMU 7.2,
 * hw/i386/pc_q35.c, pc_q35_init(), and pc.c, pc_memory_init()). There is no VGA adapter, so it has
 * no hole at 0xa0000: edk2 takes the block that begins at 0 for all of low memory, and both it and
 * an SVSM validate what the map calls RAM.
 */
#include "bare/machine/fwcfg_read.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "abi/igvm.h"

#define KEY_RAM_SIZE 0x03
#define FOUR_GIB     BIT(32)

/* Filled by the IGVM loader, which finds the symbol in the ELF file. */
struct igvm_memory_map_entry igvm_memory_map[16] SECTION(".igvm.memory_map") ALIGNED(4096) = {{0}};

/* QEMU, target/i386/igvm.c and hw/i386/e820_memory_layout.c: both tell of the same RAM. */
TEST(ram_one_block, "ram-one-block",
     "the IGVM memory map has one block of RAM below 4 GiB, from 0 on, and all that fw_cfg tells "
     "of",
     "keelson:gpa:ram")
{
	unsigned low = 0;
	uint64_t total = 0, size = 0;

	for (unsigned i = 0; i < ARRAY_LEN(igvm_memory_map) && igvm_memory_map[i].pages; i++) {
		if (igvm_memory_map[i].type != IGVM_MEMORY_RAM)
			continue;
		total += igvm_memory_map[i].pages * PAGE_SIZE;
		low += igvm_memory_map[i].pfn * PAGE_SIZE < FOUR_GIB;
	}
	CHECK_EQ(igvm_memory_map[0].pfn, 0);
	CHECK_EQ(low, 1);
	fwcfg_read_key(KEY_RAM_SIZE, &size, sizeof(size));
	CHECK_EQ(total, size);
}

/* The first and last pages of what a PC's VGA adapter and ROMs would cover, and those beside. */
TEST(ram_below_1m, "ram-below-1m", "0xa0000 to 0xfffff is RAM like any other, each page its own",
     "keelson:gpa:ram")
{
	static const uint32_t at[] = {0x9f000, 0xa0000, 0xaf000, 0xb0000, 0xb8000, 0xbf000,
				      0xc0000, 0xe0000, 0xef000, 0xf0000, 0xff000, 0x100000};
	bool same;

	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		test_case("validate 0x%x", at[i]);
		CHECK_EQ(pvalidate(at[i], RMP_PG_4K, 1, &same), SNP_SUCCESS);
		CHECK(!same);
		*(volatile uint64_t *)(uint64_t)at[i] = ~(uint64_t)at[i];
	}
	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		test_case("0x%x", at[i]);
		CHECK_EQ(*(volatile uint64_t *)(uint64_t)at[i], ~(uint64_t)at[i]);
		CHECK_EQ(pvalidate(at[i], RMP_PG_4K, 0, &same), SNP_SUCCESS);
		CHECK(!same);
	}
}

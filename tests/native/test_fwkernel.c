/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A kernel in fw_cfg as QEMU's x86_load_linux() puts it there, and the guest's RAM as its e820 list
 * has it.
 *
 * sources: launch/machine/dev/fwcfg/fwkernel.c launch/machine/dev/fwcfg/fwe820.c
 */
#include "abi/machine.h"
#include "machine/dev/fwcfg/fwe820.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/dev/fwcfg/fwkernel.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "tests/native/check.h"

#include <string.h>

#define KERNEL_SIZE (10u << 20)
#define LOW_END     0x20000000ull

static uint8_t head[FWKERNEL_HEAD];
static const char *cmdline = "console=ttyS0";
static uint32_t initrd_size = 5000;
static unsigned shown;
static struct {
	uint32_t value, size, offset;
	const char *text;
	bool real;
} items[0x20];

void host_log(const char *fmt, ...)
{
	(void)fmt;
}

hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)p);
}

bool fwcfg_find(const char *name, struct fwcfg_file *f)
{
	if (!strcmp(name, MACHINE_FW_KERNEL))
		*f = (struct fwcfg_file){1, KERNEL_SIZE};
	else if (!strcmp(name, MACHINE_FW_INITRD))
		*f = (struct fwcfg_file){2, initrd_size};
	else
		*f = (struct fwcfg_file){3, (uint32_t)strlen(cmdline)};
	return true;
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	CHECK_EQ(offset, 0);
	memcpy((void *)dst.v, f->select == 1 ? (const void *)head : cmdline, len);
	return true;
}

void fwitem_u32(uint16_t key, uint32_t value)
{
	items[key].value = value;
	shown++;
}

void fwitem_key(uint16_t key, const void *data, uint32_t size)
{
	items[key].text = data;
	items[key].size = size;
	shown++;
}

void fwitem_key_real(uint16_t key, const struct fwcfg_file *real, uint32_t offset, uint32_t size)
{
	items[key].real = true;
	items[key].value = real->select;
	items[key].offset = offset;
	items[key].size = size;
	shown++;
}

/* Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header" */
static void make(unsigned sectors, unsigned version, unsigned loadflags, uint32_t initrd_max,
		 unsigned xloadflags)
{
	memset(head, 0, sizeof(head));
	head[0x1f1] = (uint8_t)sectors;
	memcpy(head + 0x202, "HdrS", 4);
	head[0x206] = (uint8_t)version;
	head[0x207] = (uint8_t)(version >> 8);
	head[0x211] = (uint8_t)loadflags;
	memcpy(head + 0x22c, &initrd_max, 4);
	head[0x236] = (uint8_t)xloadflags;
}

TEST(a_kernel_of_today)
{
	struct fwkernel k;

	make(39, 0x20f, 1, 0x7fffffff, 0x2);
	CHECK(fwkernel_split(head, KERNEL_SIZE, 14, 5000, LOW_END, &k));
	CHECK_EQ(k.setup_size, 40 * 512);
	CHECK_EQ(k.setup_at, 0x10000);
	CHECK_EQ(k.cmdline_at, 0x20000);
	CHECK_EQ(k.kernel_at, 0x100000);
	/* below the end of RAM less 160 KiB for tables, whole pages */
	CHECK_EQ(k.initrd_at, (LOW_END - 0x28000 - 1 - 5000) & ~0xfffull);
	CHECK(fwkernel_split(head, KERNEL_SIZE, 14, 0, LOW_END, &k));
	CHECK_EQ(k.initrd_at, 0);
}

TEST(older_kernels)
{
	struct fwkernel k;

	make(0, 0x203, 1, 0x10000000, 0);
	CHECK(fwkernel_split(head, KERNEL_SIZE, 14, 5000, LOW_END, &k));
	CHECK_EQ(k.setup_size, 5 * 512); /* 0 stands for 4 */
	CHECK_EQ(k.initrd_at, (0x10000000 - 5000) & ~0xfff);
	make(4, 0x202, 1, 0, 0);
	CHECK(fwkernel_split(head, KERNEL_SIZE, 14, 5000, 0x60000000, &k));
	CHECK_EQ(k.initrd_at, (0x37ffffff - 5000) & ~0xfff);
	make(4, 0x201, 1, 0, 0);
	CHECK(fwkernel_split(head, KERNEL_SIZE, 14, 0, LOW_END, &k));
	CHECK_EQ(k.setup_at, 0x90000);
	CHECK_EQ(k.cmdline_at, 0x9a000 - 16);
	CHECK_EQ(k.kernel_at, 0x100000);
	make(4, 0x201, 0, 0, 0);
	CHECK(fwkernel_split(head, KERNEL_SIZE, 14, 0, LOW_END, &k));
	CHECK_EQ(k.kernel_at, 0x10000);
}

TEST(what_is_no_bzimage_or_has_no_room)
{
	struct fwkernel k;

	make(39, 0x20f, 1, 0x7fffffff, 0x2);
	CHECK(!fwkernel_split(head, 0x23f, 14, 0, LOW_END, &k));
	CHECK(!fwkernel_split(head, 40 * 512 - 1, 14, 0, LOW_END, &k));
	CHECK(fwkernel_split(head, 40 * 512, 14, 0, LOW_END, &k));
	CHECK(!fwkernel_split(head, KERNEL_SIZE, 14, LOW_END, LOW_END, &k));
	CHECK(!fwkernel_split(head, KERNEL_SIZE, 14, 0, 0x28000, &k));
	head[0x202] = 'h';
	CHECK(!fwkernel_split(head, KERNEL_SIZE, 14, 0, LOW_END, &k));
}

TEST(the_items)
{
	make(39, 0x20f, 1, 0x7fffffff, 0x2);
	shown = 0;
	fwkernel_show(LOW_END);
	CHECK_EQ(shown, 12);
	CHECK_EQ(items[0x17].value, 40 * 512);
	CHECK_EQ(items[0x08].value, KERNEL_SIZE - 40 * 512);
	CHECK_EQ(items[0x11].offset, 40 * 512);
	CHECK_EQ(items[0x11].size, KERNEL_SIZE - 40 * 512);
	CHECK_EQ(items[0x18].offset, 0);
	CHECK_EQ(items[0x18].size, 40 * 512);
	CHECK_EQ(items[0x0b].value, 5000);
	CHECK_EQ(items[0x12].value, 2);
	CHECK_EQ(items[0x14].value, 14); /* with its NUL */
	CHECK_EQ(items[0x15].size, 14);
	CHECK_STR(items[0x15].text, "console=ttyS0");
	initrd_size = 0;
	shown = 0;
	fwkernel_show(LOW_END);
	CHECK_EQ(shown, 9);
	memset(head, 0, sizeof(head));
	shown = 0;
	fwkernel_show(LOW_END);
	CHECK_EQ(shown, 0);
}

/* hw/i386/e820_memory_layout.c: RAM is one entry below 4 GiB, and one above. */
TEST(ram_in_one_piece)
{
	static const struct host_range ranges[] = {{0, 0x20000000}, {0x100000000, 0x40000000}};
	struct fwe820_entry map[FWE820_MAX];

	CHECK_EQ(fwe820_make(map, ranges, ARRAY_LEN(ranges)), 2);
	CHECK_EQ(map[0].base, 0);
	CHECK_EQ(map[0].size, 0x20000000);
	CHECK_EQ(map[0].type, 1);
	CHECK_EQ(map[1].base, 0x100000000);
	CHECK_EQ(map[1].size, 0x40000000);
	CHECK_EQ(fwe820_low_end(map, 2), 0x20000000);
	CHECK_EQ(fwe820_high(map, 2), 0x40000000);
	CHECK_EQ(fwe820_ram(map, 2), 0x60000000);
	CHECK_EQ(fwe820_make(map, ranges, 0), 0);
	CHECK_EQ(fwe820_low_end(map, 0), 0);
}

TEST(more_ranges_than_entries)
{
	struct host_range ranges[FWE820_MAX + 3];
	struct fwe820_entry map[FWE820_MAX];

	for (unsigned i = 0; i < ARRAY_LEN(ranges); i++)
		ranges[i] = (struct host_range){i * SIZE_2M, PAGE_SIZE};
	CHECK_EQ(fwe820_make(map, ranges, ARRAY_LEN(ranges)), FWE820_MAX);
}

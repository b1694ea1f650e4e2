/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The fw_cfg device that a guest sees: its table of items, its registers and DMA.
 *
 * sources: launch/machine/dev/fwcfg/fwitem.c launch/machine/dev/fwcfg/fwdev.c
 */
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/host/mem/direct.h"
#include "machine/host_assert.h"
#include "tests/native/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECT    0x510
#define HIGH      0x514
#define LOW       0x518
#define CTL_ERROR 0x01000000u /* as the guest finds it: big-endian */
#define FILE_SIZE 200000u
#define REAL      0x2a

/* The guest's memory: pages 0 and 1 are shared, 2 is not. */
static uint8_t guest[3 * PAGE_SIZE];
static uint8_t file[FILE_SIZE];
static unsigned requests;
static bool broken; /* QEMU does not answer */

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)p);
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	CHECK_EQ(f->select, REAL);
	CHECK(offset <= f->size && len <= f->size - offset);
	requests++;
	if (!broken)
		memcpy((void *)dst.v, file + offset, len);
	return !broken;
}

static bool is_shared(gpa_t g, size_t n)
{
	return g.v + n >= g.v && g.v + n <= 2 * PAGE_SIZE;
}

bool fwdev_guest_read(gpa_t g, void *to, size_t n)
{
	if (!is_shared(g, n))
		return false;
	memcpy(to, guest + g.v, n);
	return true;
}

bool fwdev_guest_write(gpa_t g, const void *from, size_t n)
{
	CHECK(n <= PAGE_SIZE);
	if (!is_shared(g, n))
		return false;
	memcpy(guest + g.v, from, n);
	return true;
}

static void fill(void)
{
	static const struct fwcfg_file real = {.select = REAL, .size = FILE_SIZE};

	for (unsigned i = 0; i < FILE_SIZE; i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	fwitem_reset();
	fwitem_key(0, "QEMU", 4);
	fwitem_u16(5, 0x1234);
	fwitem_u32(8, 0x89abcdef);
	fwitem_key_real(0x11, &real, 1000, FILE_SIZE - 1000);
	CHECK(fwitem_file("opt/z", "z", 1));
	CHECK(fwitem_file_real("etc/big", &real));
	CHECK(fwitem_file("bootorder", "one", 3));
	CHECK(fwitem_file("bootorder", "other", 5));
	fwitem_seal();
	memset(guest, 0x5a, sizeof(guest));
	broken = false;
}

static void read_key(uint16_t key, uint8_t *to, size_t n)
{
	fwdev_out(SELECT, 2, key);
	fwdev_in_string(to, n);
}

static uint32_t dma(uint32_t control, uint64_t address, uint32_t length)
{
	uint32_t words[] = {__builtin_bswap32(control), __builtin_bswap32(length),
			    __builtin_bswap32((uint32_t)(address >> 32)),
			    __builtin_bswap32((uint32_t)address)};

	memcpy(guest + 16, words, sizeof(words));
	fwdev_out(HIGH, 4, 0);
	fwdev_out(LOW, 4, __builtin_bswap32(16));
	memcpy(words, guest + 16, sizeof(words[0]));
	return words[0];
}

TEST(items_by_key)
{
	uint8_t b[8];

	fill();
	read_key(0, b, 6);
	CHECK_MEM(b, "QEMU\0\0", 6);
	read_key(5, b, 4);
	CHECK_MEM(b, "\x34\x12\0\0", 4);
	read_key(8, b, 4);
	CHECK_MEM(b, "\xef\xcd\xab\x89", 4);
	read_key(8 | 0x4000, b, 1); /* the bit that once asked for writing */
	CHECK_EQ(b[0], 0xef);
	read_key(0x8008, b, 1); /* items of the architecture: none */
	CHECK_EQ(b[0], 0);
	read_key(0x1f, b, 1);
	CHECK_EQ(b[0], 0);
	read_key(0x23, b, 1);
	CHECK_EQ(b[0], 0);
}

TEST(files_are_sorted_and_have_keys)
{
	static const char *const names[] = {"bootorder", "etc/big", "opt/z"};
	uint8_t b[4 + 3 * 64 + 1];

	fill();
	read_key(0x19, b, sizeof(b));
	CHECK_MEM(b, "\0\0\0\3", 4);
	CHECK_EQ(b[sizeof(b) - 1], 0);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_STR((char *)b + 4 + 64 * i + 8, names[i]);
		CHECK_EQ(b[4 + 64 * i + 5], 0x20 + i);
	}
	CHECK_MEM(b + 4, "\0\0\0\5", 4); /* the second of that name took the first one's place */
	read_key(0x20, b, 5);
	CHECK_MEM(b, "other", 5);
	read_key(0x22, b, 1);
	CHECK_EQ(b[0], 'z');
}

TEST(a_name_without_end_or_a_table_that_is_full)
{
	char name[80];

	fwitem_reset();
	memset(name, 'n', sizeof(name));
	CHECK(!fwitem_file(name, "x", 1));
	for (unsigned i = 0; i < FWITEM_FILES; i++) {
		snprintf(name, sizeof(name), "file%u", i);
		CHECK(fwitem_file(name, "x", 1));
	}
	CHECK(!fwitem_file("more", "x", 1));
	CHECK(fwitem_file("file3", "y", 1));
}

TEST(registers_have_their_widths)
{
	uint32_t first;

	fill();
	fwdev_out(SELECT, 2, 0);
	CHECK_EQ(fwdev_in(0x511, 1), 'Q');
	CHECK_EQ(fwdev_in(0x510, 1), 'E'); /* hw/nvram/fw_cfg.c, fw_cfg_comb_read() */
	CHECK_EQ(fwdev_in(0x511, 2), 0);
	fwdev_out(SELECT, 1, 0);
	fwdev_out(0x511, 1, 0);
	CHECK_EQ(fwdev_in(0x511, 1), 'M');
	CHECK_EQ(fwdev_in(HIGH, 4), 0x554d4551);
	CHECK_EQ(fwdev_in(LOW, 4), 0x47464320);
	CHECK_EQ(fwdev_in(0x51b, 1), 'G');
	first = guest[0];
	fwdev_out(LOW, 2, 0xffff); /* no request */
	CHECK_EQ(guest[0], first);
}

TEST(a_file_of_qemu_comes_in_few_requests)
{
	static uint8_t b[FILE_SIZE + 10];

	fill();
	requests = 0;
	fwdev_out(SELECT, 2, 0x21);
	for (unsigned i = 0; i < sizeof(b); i += 1000)
		fwdev_in_string(b + i, sizeof(b) - i < 1000 ? sizeof(b) - i : 1000);
	CHECK_MEM(b, file, FILE_SIZE);
	CHECK_EQ(b[FILE_SIZE], 0);
	CHECK_EQ(requests, (FILE_SIZE + 65535) / 65536);
	read_key(0x11, b, 300); /* a part of the same file */
	CHECK_MEM(b, file + 1000, 300);
	read_key(0x21, b, 300);
	CHECK_MEM(b, file, 300);
	broken = true;
	read_key(0x11, b, 3);
	CHECK_MEM(b, "\0\0\0", 3);
}

TEST(dma_reads_skips_and_selects)
{
	fill();
	CHECK_EQ(dma(0x21 << 16 | 8 | 4, 0, 70000), 0);
	CHECK_EQ(dma(2, 1000, 5000), 0);
	CHECK_MEM(guest + 1000, file + 70000, 5000);
	CHECK_EQ(guest[6000], 0x5a);
	CHECK_EQ(dma(4, 0, 0xffffffff), 0); /* beyond the end */
	CHECK_EQ(dma(2, 1000, 100), 0);
	CHECK_EQ(guest[1000] | guest[1099], 0);
	CHECK_EQ(guest[1100], file[70100]);
	CHECK_EQ(dma(0x20 << 16 | 8 | 2, 100, 7), 0);
	CHECK_MEM(guest + 100, "other\0\0", 7);
	CHECK_EQ(dma(0x1f << 16 | 8 | 2, 100, 7), 0);
	CHECK_MEM(guest + 100, "\0\0\0\0\0\0\0", 7);
	CHECK_EQ(dma(0x20 << 16 | 8 | 16, 100, 1), CTL_ERROR);
	CHECK_EQ(dma(0x20 << 16 | 8 | 16, 100, 0), 0);
}

TEST(dma_stays_in_shared_memory)
{
	fill();
	CHECK_EQ(dma(0x21 << 16 | 8 | 2, 2 * PAGE_SIZE, 4), CTL_ERROR);
	CHECK_EQ(guest[2 * PAGE_SIZE], 0x5a);
	CHECK_EQ(dma(0x21 << 16 | 8 | 2, 2 * PAGE_SIZE - 8, 16), CTL_ERROR);
	CHECK_EQ(guest[2 * PAGE_SIZE], 0x5a);
	CHECK_EQ(dma(0x21 << 16 | 8 | 2, ~0ull - 3, 16), CTL_ERROR);
	memset(guest + 2 * PAGE_SIZE, 0, 16);
	guest[2 * PAGE_SIZE + 3] = 2;
	fwdev_out(HIGH, 4, 0);
	fwdev_out(LOW, 4, __builtin_bswap32(2 * PAGE_SIZE));
	CHECK_EQ(guest[2 * PAGE_SIZE + 3], 2); /* not answered */
}

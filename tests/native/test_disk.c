/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The disk of a run that can be repeated, as a driver finds it (virtio 1.2, 2.7 and 5.2.6):
 * requests, what is refused, and when it sends a message.
 *
 * sources: launch/machine/dev/disk/disk.c launch/machine/dev/disk/function.c launch/machine/dev/disk/image.c
 * sources: launch/machine/dev/disk/queue.c launch/machine/dev/disk/request.c
 */
#include "machine/dev/disk/disk.h"
#include "machine/dev/disk/register.h"
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/pool.h"
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

/* A function at 00:03.0: BAR 1 has the MSI-X table, BAR 4, of 64 bits, the rest. */
#define FUNCTION  (3u << 3)
#define TABLE     0xfe000000ull
#define REGISTERS 0x380000000000ull
#define NOTIFY    (REGISTERS + 0x3000)
#define MSIX      0x98

/* The guest's memory: four shared pages, and one behind them that is not. */
#define DESCRIPTORS 0x000u
#define AVAILABLE   0x400u
#define USED        0x800u
#define HEADER      0xc00u
#define STATUS      0xc80u
#define DATA        0x1000u
#define SHARED      0x4000u
#define ENTRIES     8u

static uint8_t guest[SHARED + PAGE_SIZE] ALIGNED(8), file[3 * PAGE_SIZE + 512];
static uint8_t registers[0x40] ALIGNED(8);
static uint32_t entry[4]; /* of the MSI-X table */
static uint32_t msix_control;
static unsigned messages, pages_left;
static uint16_t issued; /* available.index */

void host_log(const char *fmt, ...)
{
	(void)fmt;
}

bool lapic_message(uint32_t address, uint32_t data)
{
	CHECK_EQ(address, 0xfee01000u);
	CHECK_EQ(data, 0x31u);
	messages++;
	return true;
}

hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)p);
}

bool fwcfg_find(const char *name, struct fwcfg_file *f)
{
	CHECK_STR(name, "opt/org.keelson/disk");
	*f = (struct fwcfg_file){7, sizeof(file)};
	return true;
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	CHECK(offset <= f->size && len <= f->size - offset);
	memcpy((void *)dst.v, file + offset, len);
	return true;
}

void *host_pages_alloc(unsigned count)
{
	return calloc(count, PAGE_SIZE);
}

void *host_pages_try(unsigned count)
{
	return pages_left ? pages_left--, calloc(count, PAGE_SIZE) : NULL;
}

void host_pages_free(void *p, unsigned count)
{
	(void)count;
	free(p);
}

bool fwdev_guest_read(gpa_t g, void *to, size_t n)
{
	if (g.v > SHARED || n > SHARED - g.v)
		return false;
	memcpy(to, guest + g.v, n);
	return true;
}

bool fwdev_guest_write(gpa_t g, const void *from, size_t n)
{
	CHECK(n <= PAGE_SIZE);
	if (g.v > SHARED || n > SHARED - g.v)
		return false;
	memcpy(guest + g.v, from, n);
	return true;
}

uint32_t pciconf_get(uint16_t function, unsigned reg)
{
	if (function != FUNCTION)
		return ~0u;
	switch (reg) {
	case 0x00:
		return 0x10421af4;
	case 0x04:
		return 0x00100006;
	case 0x14:
		return (uint32_t)TABLE;
	case 0x20: /* 64 bits, prefetchable */
		return (uint32_t)REGISTERS | 0xc;
	case 0x24:
		return (uint32_t)(REGISTERS >> 32);
	case 0x34:
		return MSIX;
	case MSIX:
		return 0x11 | 0x84 << 8 | msix_control;
	case MSIX + 4:
		return 1; /* table: BAR 1, from 0 on */
	case 0x84:        /* common configuration */
		return 0x09 | 0x70 << 8 | 16 << 16 | 1u << 24;
	case 0x70: /* notifications */
		return 0x09 | 20 << 16 | 2u << 24;
	case 0x88:
	case 0x74:
		return 4;
	case 0x78:
		return 0x3000;
	default:
		return 0;
	}
}

uint64_t disk_reg_read(uint64_t a, unsigned len)
{
	uint64_t value = 0;
	const uint8_t *from =
		a >= REGISTERS ? registers + (a - REGISTERS) : (uint8_t *)entry + (a - TABLE);

	memcpy(&value, from, len);
	return value;
}

void disk_reg_write(uint64_t a, unsigned len, uint64_t value)
{
	memcpy(registers + (a - REGISTERS), &value, len);
}

/* ---- the driver ---- */

static void put(uint32_t at, uint64_t value, unsigned len)
{
	memcpy(guest + at, &value, len);
}

static uint64_t got(uint32_t at, unsigned len)
{
	uint64_t value = 0;

	memcpy(&value, guest + at, len);
	return value;
}

static void describe(unsigned n, uint64_t at, uint32_t len, unsigned flags, unsigned next)
{
	put(DESCRIPTORS + n * 16, at, 8);
	put(DESCRIPTORS + n * 16 + 8, len, 4);
	put(DESCRIPTORS + n * 16 + 12, flags, 2);
	put(DESCRIPTORS + n * 16 + 14, next, 2);
}

static void offer(void)
{
	put(AVAILABLE + 4 + issued % ENTRIES * 2, 0, 2);
	put(AVAILABLE + 2, ++issued, 2);
	CHECK(disk_kick(NOTIFY, 2, 0));
}

/* A request of one part of data; its status, 0xee where the device has answered nothing. */
static uint8_t request(uint32_t type, uint64_t sector, uint64_t at, uint32_t len)
{
	bool in = type != 1;

	put(HEADER, type, 8);
	put(HEADER + 8, sector, 8);
	guest[STATUS] = 0xee;
	describe(0, HEADER, 16, 1, len ? 1 : 2);
	describe(1, at, len, in ? 3 : 1, 2);
	describe(2, STATUS, 1, 2, 0);
	offer();
	return guest[STATUS];
}

static void start(void)
{
	static bool once;

	memset(guest, 0, sizeof(guest));
	for (unsigned i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	if (!once)
		disk_init();
	once = true;
	issued = 0;
	messages = 0;
	pages_left = 100;
	memset(registers, 0, sizeof(registers));
	disk_reg_write(REGISTERS + 0x14, 1, 0xf); /* DRIVER_OK among them */
	disk_reg_write(REGISTERS + 0x18, 2, ENTRIES);
	disk_reg_write(REGISTERS + 0x1c, 2, 1);
	disk_reg_write(REGISTERS + 0x20, 8, DESCRIPTORS);
	disk_reg_write(REGISTERS + 0x28, 8, AVAILABLE);
	disk_reg_write(REGISTERS + 0x30, 8, USED);
	msix_control = 1u << 31 | 1u << 16; /* on, two vectors */
	entry[0] = 0xfee01000;
	entry[2] = 0x31;
	entry[3] = 0;
}

TEST(a_read_gives_what_the_file_has)
{
	start();
	CHECK_EQ(request(0, 3, DATA + 100, 2 * PAGE_SIZE), 0);
	CHECK_MEM(guest + DATA + 100, file + 3 * 512, 2 * PAGE_SIZE);
	CHECK_EQ(got(USED + 2, 2), 1);
	CHECK_EQ(got(USED + 4 + 4, 4), 2 * PAGE_SIZE + 1); /* with the status */
	CHECK_EQ(messages, 1);
}

TEST(what_is_written_is_read_and_the_file_stays)
{
	static uint8_t before[sizeof(file)];

	start();
	memcpy(before, file, sizeof(file));
	memset(guest + DATA, 0x5a, 1024);
	CHECK_EQ(request(1, 7, DATA, 1024), 0); /* over the end of a page */
	CHECK_EQ(got(USED + 4 + 4, 4), 1);
	CHECK_EQ(request(4, 0, 0, 0), 0);
	CHECK_EQ(request(0, 6, DATA + 1024, 2048), 0);
	CHECK_MEM(guest + DATA + 1024, before + 6 * 512, 512);
	CHECK_MEM(guest + DATA + 1536, guest + DATA, 1024);
	CHECK_MEM(guest + DATA + 2560, before + 9 * 512, 512);
	CHECK_MEM(file, before, sizeof(file));
}

TEST(the_last_sector_and_what_lies_behind_it)
{
	uint64_t last = sizeof(file) / 512 - 1;

	start();
	CHECK_EQ(request(1, last, DATA, 512), 0);
	CHECK_EQ(request(0, last, DATA, 512), 0);
	CHECK_EQ(request(0, last, DATA, 1024), 1);
	CHECK_EQ(request(0, last + 1, DATA, 512), 1);
	CHECK_EQ(request(0, ~0ull / 512 + 1, DATA, 512), 1); /* times 512 it is 0 */
	CHECK_EQ(request(0, 0, DATA, 100), 1);               /* no whole sector */
	CHECK_EQ(request(11, 0, DATA, 512), 2);              /* discard, which is not offered */
}

TEST(memory_that_is_not_shared)
{
	start();
	CHECK_EQ(request(0, 0, SHARED - 512, 1024), 1);
	CHECK_EQ(request(1, 0, SHARED, 512), 1);
	CHECK_EQ(request(0, 0, ~0ull - 511, 1024), 1);
	put(HEADER, 0, 8);
	describe(0, SHARED, 16, 1, 2); /* the header: no request that could be answered */
	guest[STATUS] = 0xee;
	offer();
	CHECK_EQ(guest[STATUS], 0xee);
	CHECK_EQ(got(USED + 2, 2), 3);
}

TEST(chains_that_are_none_end)
{
	start();
	describe(0, HEADER, 16, 1, 0); /* a ring */
	offer();
	describe(0, HEADER, 16, 1, ENTRIES); /* out of the table */
	offer();
	describe(0, HEADER, 16, 4, 0); /* indirect */
	offer();
	describe(0, HEADER, 16, 0, 0); /* a header alone */
	offer();
	CHECK_EQ(got(USED + 2, 2), 0);
	CHECK_EQ(messages, 0);
}

TEST(no_memory_is_left)
{
	start();
	pages_left = 0;
	CHECK_EQ(request(1, 16, DATA, 512), 1);
}

TEST(messages_wait_while_they_are_masked)
{
	start();
	entry[3] = 1;
	request(0, 0, DATA, 512);
	disk_settle();
	CHECK_EQ(messages, 0);
	entry[3] = 0;
	disk_settle();
	disk_settle();
	CHECK_EQ(messages, 1);
	put(AVAILABLE, 1, 2); /* the driver polls */
	request(0, 0, DATA, 512);
	CHECK_EQ(messages, 1);
}

/* QEMU takes any write to the notification's four bytes for one (hw/virtio/virtio-pci.c,
 * virtio_pci_notify_write()), and would serve the queue on the user's file. */
TEST(qemu_sees_no_notification)
{
	start();
	CHECK_EQ(request(0, 0, DATA, 512), 0);
	put(AVAILABLE + 4 + issued % ENTRIES * 2, 0, 2);
	put(AVAILABLE + 2, ++issued, 2);
	CHECK(disk_kick(NOTIFY, 4, 0));
	CHECK(disk_kick(NOTIFY, 1, 0));
	CHECK(disk_kick(NOTIFY + 3, 1, 0));
	CHECK(disk_kick(NOTIFY - 4, 8, 0));
	CHECK_EQ(got(USED + 2, 2), (uint16_t)(issued - 1));
	CHECK(disk_kick(NOTIFY, 2, 0));
	CHECK_EQ(got(USED + 2, 2), issued);
}

TEST(what_is_no_notification)
{
	start();
	CHECK(!disk_kick(NOTIFY + 4, 2, 0));
	CHECK(!disk_kick(NOTIFY - 2, 2, 0));
	disk_reg_write(REGISTERS + 0x14, 1, 0xb); /* all but DRIVER_OK */
	CHECK_EQ(request(0, 0, DATA, 512), 0xee);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/dev/disk/register.h"
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/pool.h"
#include "machine/iommu/dma_fault.h"
#include "tests/native/check.h"
#include "tests/native/fake_disk.h"

#include <stdlib.h>
#include <string.h>

#define TABLE 0xfe000000ull
#define MSIX  0x98

uint8_t guest[SHARED + PAGE_SIZE] ALIGNED(8), file[(3u << 20) + 3 * PAGE_SIZE + 512];
uint8_t registers[0x40] ALIGNED(8);
uint32_t entry[8], msix_control, command, window_offset, window_length;
unsigned messages, config_messages, pages_left, lines;
bool (*watcher)(const struct pci_write *w);
struct refused refused;

void host_log(const char *fmt, ...)
{
	(void)fmt;
	lines++;
}

void dma_fault_refused(uint16_t device, gpa_t g, size_t n, bool write)
{
	CHECK(n);
	refused.n++;
	refused.device = device;
	refused.at = g.v;
	refused.write = write;
}

bool lapic_message(uint32_t address, uint32_t data)
{
	CHECK_EQ(address, 0xfee01000u);
	messages += data == 0x31;
	config_messages += data == 0x32;
	return data == 0x31 || data == 0x32;
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
		return 0x00100000 | command;
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
		return 0x09 | 0x50 << 8 | 20 << 16 | 2u << 24;
	case 0x88:
	case 0x74:
		return 4;
	case 0x78:
		return 0x3000;
	case 0x50:
		return 0x09 | 20 << 16 | 5u << 24;
	case 0x58:
		return window_offset;
	case 0x5c:
		return window_length;
	default:
		return 0;
	}
}

uint32_t pciconf_peek(uint16_t function, unsigned reg)
{
	return pciconf_get(function, reg);
}

void pciconf_watch(bool (*taken)(const struct pci_write *w))
{
	watcher = taken;
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

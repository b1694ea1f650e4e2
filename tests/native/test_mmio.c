/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Which registers of QEMU's a write reaches, a guest's and one that the machine's own disk makes to
 * where a guest has placed it: none of the disk's goes to a device whose writes are looked at.
 *
 * sources: launch/machine/dev/mmio.c launch/machine/dev/hpet.c
 */
#include "machine/cpu/tlb.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/disk/register.h"
#include "machine/dev/mmio.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/dev/window.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/mem.h"
#include "machine/host/percpu.h"
#include "tests/native/check.h"

#include <string.h>

#define IOAPIC 0xfec00000ull
#define HPET   0xfed00000ull
#define DEVICE 0xfe000000ull
#define ECAM   0xb0000000ull
#define NOTIFY (DEVICE + 0x800)

struct vcpu *machine_vcpus[1];

/* A page of registers each. */
static uint8_t ioapic[PAGE_SIZE], hpet[PAGE_SIZE], device[PAGE_SIZE];
static unsigned configured;
static int disk_waits, kicked;

unsigned host_cpu(void)
{
	return 1;
}

void tlb_write_begin(struct vcpu *v)
{
	(void)v;
}

void tlb_write_end(struct vcpu *v)
{
	(void)v;
}

bool host_is_ram(hpa_t pa, uint64_t len)
{
	return pa.v + len <= 0x80000000;
}

bool gpa_map_touches(gpa_t g, uint64_t len)
{
	(void)g;
	(void)len;
	return false;
}

volatile void *window_map(hpa_t pa)
{
	CHECK(pa.v >= 0x100000000);
	return device;
}

bool pciconf_at(uint64_t a, unsigned len)
{
	(void)len;
	return a >> 28 == ECAM >> 28;
}

void pciconf_write(uint64_t a, unsigned len, uint64_t value,
		   void (*to)(uint64_t a, unsigned len, uint64_t value))
{
	(void)a;
	(void)len;
	(void)value;
	(void)to;
	CHECK_EQ(disk_waits, 1);
	configured++;
}

void disk_begin(void)
{
	disk_waits++;
}

void disk_end(void)
{
	disk_waits--;
}

bool disk_kick(uint64_t a, unsigned len, uint64_t value)
{
	(void)len;
	(void)value;
	CHECK_EQ(disk_waits, 1);
	kicked += a == NOTIFY;
	return a == NOTIFY;
}

void *host_ptr(hpa_t pa)
{
	uint8_t *page = pa.v >> 12 == IOAPIC >> 12 ? ioapic
			: pa.v >> 12 == HPET >> 12 ? hpet
						   : device;

	return page + (pa.v & PAGE_MASK);
}

static uint32_t at(const uint8_t *page, unsigned reg)
{
	uint32_t v;

	memcpy(&v, page + reg, sizeof(v));
	return v;
}

static void start(void)
{
	memset(ioapic, 0, sizeof(ioapic));
	memset(hpet, 0, sizeof(hpet));
	memset(device, 0, sizeof(device));
	configured = 0;
	kicked = 0;
}

TEST(a_guest_reaches_devices)
{
	start();
	mmio_write(DEVICE + 0x10, 4, 0x12345678);
	CHECK_EQ(mmio_read(DEVICE + 0x10, 2), 0x5678);
	mmio_write(0x100000000ull, 1, 0x5a);
	CHECK_EQ(device[0], 0x5a);
	mmio_write(ECAM + 4, 2, 7);
	CHECK_EQ(configured, 1);
	mmio_write(NOTIFY, 2, 1);
	CHECK_EQ(kicked, 1);
	CHECK_EQ(at(device, 0x800), 0);
	CHECK_EQ(disk_waits, 0);
}

TEST(not_what_is_the_monitors)
{
	start();
	mmio_write(0x1000, 4, 1);            /* below 1 MiB */
	mmio_write(0x200000, 4, 1);          /* RAM */
	mmio_write(0xfee00300, 4, 0x4500);   /* the local APIC */
	mmio_write(0xfed90018, 4, 1u << 31); /* the IOMMU */
	CHECK_EQ(mmio_read(0xfed90018, 8), ~0ull);
	for (unsigned i = 0; i < sizeof(device); i++)
		CHECK_EQ(device[i], 0);
}

/* APM vol. 2, 16.11; IA-PC HPET 1.0a, 2.3.8 */
TEST(what_would_hit_the_monitor_is_taken_out)
{
	start();
	mmio_write(IOAPIC, 4, 0x10);
	mmio_write(IOAPIC + 0x10, 4, 0x431); /* NMI */
	CHECK_EQ(at(ioapic, 0x10), 0x10431);
	mmio_write(IOAPIC + 0x10, 4, 0x31);
	CHECK_EQ(at(ioapic, 0x10), 0x31);
	mmio_write(HPET + 0x100, 4, 0x7f4e);
	CHECK_EQ(at(hpet, 0x100), 0x3f4e);
}

/* A BAR may be placed anywhere: virtio's register of a queue's number would then be any of these.
 */
TEST(the_disk_writes_to_no_device_with_a_rule)
{
	start();
	memset(ioapic, 0x11, sizeof(ioapic));
	memset(hpet, 0x11, sizeof(hpet));
	for (unsigned reg = 0; reg < PAGE_SIZE - 8; reg += 2) {
		disk_reg_write(IOAPIC + reg, 2, 0);
		disk_reg_write(HPET + reg % 0x400, 2, 0);
	}
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		CHECK(ioapic[i] == 0x11 && hpet[i] == 0x11);
	disk_reg_write(0x200016, 2, 1);
	disk_reg_write(0xfee00300, 2, 1);
	disk_reg_write(ECAM + 4, 2, 1);
	CHECK_EQ(at(device, 0x16), 0);
	disk_reg_write(DEVICE + 0x16, 2, 1);
	CHECK_EQ(at(device, 0x16), 1);
	CHECK_EQ(disk_reg_read(DEVICE + 0x16, 2), 1);
}

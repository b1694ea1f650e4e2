/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/cmos.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/fwcfg/fwe820.h"
#include "machine/host/mem/guest_ram.h"
#include "base/x86.h"
#include "lib/spinlock.h"

#define REGISTERS 128
#define KIB       1024ull
#define UNIT      (64 * KIB)
#define FROM_1M   (1024 * KIB)
#define FROM_16M  (16 * FROM_1M)

#define BASE_KIB  0x15 /* two bytes each, low one first */
#define EXT_KIB   0x17
#define EXT2_KIB  0x30
#define EXT_64K   0x34
#define HIGH_64K  0x5b /* three */
#define CPUS      0x5f /* less one */
#define SHUTDOWN  0x0f /* what SeaBIOS does when a CPU is reset */

static uint8_t own[REGISTERS];
static bool is_own[REGISTERS];
static uint8_t index;
static struct spinlock lock; /* index, and the real one */

static void set(unsigned reg, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		own[reg + i] = (uint8_t)(value >> 8 * i);
		is_own[reg + i] = true;
	}
}

/* RAM from an address on, in units, as much as two bytes hold. */
static uint64_t above(uint64_t end, uint64_t from, uint64_t unit)
{
	return end > from ? MIN((end - from) / unit, 0xffffull) : 0;
}

void cmos_init(void)
{
	static struct fwe820_entry map[FWE820_MAX];
	const struct host_range *r;
	unsigned n = host_guest_ranges(&r), cpus = machine_guest_vcpus();
	uint64_t low, high;

	n = fwe820_make(map, r, n);
	low = fwe820_low_end(map, n);
	high = fwe820_high(map, n);
	set(BASE_KIB, 640, 2);
	set(EXT_KIB, above(low, FROM_1M, KIB), 2);
	set(EXT2_KIB, above(low, FROM_1M, KIB), 2);
	set(EXT_64K, above(low, FROM_16M, UNIT), 2);
	set(HIGH_64K, high / UNIT, 3);
	set(SHUTDOWN, 0, 1);
	set(CPUS, cpus > 256 ? 0 : cpus - 1, 1);
}

uint8_t cmos_in(uint16_t port)
{
	uint8_t value;

	spin_lock(&lock);
	value = port == CMOS_DATA && is_own[index] ? own[index] : inb(port);
	spin_unlock(&lock);
	return value;
}

/* Bit 7 of the index would mask NMIs. */
void cmos_out(uint16_t port, uint8_t value)
{
	spin_lock(&lock);
	if (port == CMOS_INDEX)
		index = value & (REGISTERS - 1);
	if (port == CMOS_INDEX || !is_own[index])
		outb(port, value);
	spin_unlock(&lock);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/cmos.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/fwcfg/fwe820.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/options.h"
#include "base/x86.h"
#include "lib/spinlock.h"

#define REGISTERS   128
#define KIB         1024ull
#define UNIT        (64 * KIB)
#define FROM_1M     (1024 * KIB)
#define FROM_16M    (16 * FROM_1M)

#define BASE_KIB    0x15 /* two bytes each, low one first */
#define EXT_KIB     0x17
#define EXT2_KIB    0x30
#define EXT_64K     0x34
#define HIGH_64K    0x5b /* three */
#define CPUS        0x5f /* less one */
#define SHUTDOWN    0x0f /* what SeaBIOS does when a CPU is reset */

#define REG_A       0x0a
#define A_RATE      0x0fu /* of the periodic interrupt */
#define A_RUNS      0x20u /* the divider is not in reset, where QEMU sets the date when that ends */
#define REG_B       0x0b
#define REG_B_SET   BIT(7) /* the date stands still, to be set */
#define CENTURY     0x32
#define PS2_CENTURY 0x37

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

/* Seconds, minutes, hours, day of the week, day, month, year and century (MC146818; QEMU 7.2,
 * include/hw/rtc/mc146818rtc_regs.h, which has the century at PS/2's place as well). */
static bool is_date(uint8_t reg)
{
	return (reg < REG_A && reg != 1 && reg != 3 && reg != 5) || reg == CENTURY ||
	       reg == PS2_CENTURY;
}

/*
 * In a run that can be repeated nobody sets the clock. QEMU tells its monitor of it, once a second
 * at most (monitor/monitor.c, RTC_CHANGE), by a timer of the host's clock, and no CPU runs beyond
 * such a timer (icount_get_limit()): the CPUs' turns would be the host's for a second.
 */
static void data_out(uint8_t value)
{
	if (host_options.repeat && is_date(index))
		return;
	if (host_options.repeat && index == REG_A)
		value = A_RUNS | (value & A_RATE);
	if (host_options.repeat && index == REG_B)
		value &= (uint8_t)~REG_B_SET;
	outb(CMOS_DATA, value);
}

/* Bit 7 of the index would mask NMIs. */
void cmos_out(uint16_t port, uint8_t value)
{
	spin_lock(&lock);
	if (port == CMOS_INDEX) {
		index = value & (REGISTERS - 1);
		outb(port, value);
	} else if (!is_own[index]) {
		data_out(value);
	}
	spin_unlock(&lock);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/pci/pciconf.h"
#include "machine/cpu/tlb.h"
#include "machine/dev/pci/pcirule.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/mem.h"
#include "base/x86.h"
#include "lib/spinlock.h"

#define ADDRESS        PCICONF_FIRST
#define DATA           0xcfc
#define ENABLE         BIT(31)

#define COMMAND        0x04
#define DECODE         (BIT(0) | BIT(1)) /* answers at its BARs */
#define MASTER         BIT(2)
#define TYPE           0x0c /* bits 16 to 22; bit 23: more functions than one */
#define TYPE_BITS(r)   ((r) >> 16 & 0x7f)
#define TYPE_BRIDGE    1
#define BUSES          0x18
#define SECONDARY(r)   ((r) >> 8 & 0xff)
#define SUBORDINATE(r) ((r) >> 16 & 0xff)
#define FUNCTIONS      256 /* of a bus */

static struct spinlock lock; /* the ports, and a write with what it is checked by */
/* PCIEXBAR as it is and, while it is written, as it will be: both are configuration space then. */
static uint64_t exbar[2];
static bool (*watcher)(const struct pci_write *w); /* NULL: nobody */

static uint32_t get(uint16_t function, unsigned reg)
{
	outl(ADDRESS, ENABLE | (uint32_t)function << 8 | reg);
	return inl(DATA);
}

/*
 * As after a reset: where a launch has no firmware nobody has switched a device on. A bridge to
 * another bus goes on answering, since what lies behind it has no driver that would switch it on.
 * The upper half are status bits, which a 0 leaves alone.
 */
static void switch_off(uint16_t function)
{
	uint32_t command = get(function, COMMAND);
	bool bridge = TYPE_BITS(get(function, TYPE)) == TYPE_BRIDGE;
	uint32_t off = bridge ? MASTER : MASTER | DECODE;

	if (!(command & off))
		return;
	get(function, COMMAND); /* leaves its address in the port */
	outl(DATA, command & 0xffff & ~off);
}

/* SeaBIOS leaves its drivers' queues alive. Buses are numbered so that none behind a bridge is
 * below it. */
static void switch_all_off(void)
{
	unsigned last = 0;

	for (unsigned f = 0; f < (last + 1) * FUNCTIONS; f++) {
		uint32_t type;

		if (get((uint16_t)f, 0) == ~0u)
			continue;
		switch_off((uint16_t)f);
		type = TYPE_BITS(get((uint16_t)f, TYPE));
		if (type == TYPE_BRIDGE)
			last = MAX(last, SECONDARY(get((uint16_t)f, BUSES)));
	}
}

void pciconf_init(void)
{
	exbar[0] = get(0, PCI_PCIEXBAR) | (uint64_t)get(0, PCI_PCIEXBAR + 4) << 32;
	exbar[1] = exbar[0];
	switch_all_off();
}

uint64_t pciconf_pciexbar(void)
{
	return __atomic_load_n(&exbar[0], __ATOMIC_SEQ_CST);
}

static unsigned last_bus(void)
{
	unsigned last = 0;

	for (unsigned f = 0; f < FUNCTIONS; f++)
		if (get((uint16_t)f, 0) != ~0u && TYPE_BITS(get((uint16_t)f, TYPE)) == TYPE_BRIDGE)
			last = MAX(last, SUBORDINATE(get((uint16_t)f, BUSES)));
	return last;
}

/* A guest's CPU may be about to use the address that it has written. */
uint8_t pciconf_last_bus(void)
{
	uint32_t kept;
	unsigned last;

	spin_lock(&lock);
	kept = inl(ADDRESS);
	last = last_bus();
	outl(ADDRESS, kept);
	spin_unlock(&lock);
	return (uint8_t)last;
}

void pciconf_watch(bool (*taken)(const struct pci_write *w))
{
	watcher = taken;
}

uint32_t pciconf_peek(uint16_t function, unsigned reg)
{
	uint32_t kept = inl(ADDRESS), value = get(function, reg);

	outl(ADDRESS, kept);
	return value;
}

uint32_t pciconf_get(uint16_t function, unsigned reg)
{
	uint32_t value;

	spin_lock(&lock);
	value = pciconf_peek(function, reg);
	spin_unlock(&lock);
	return value;
}

static bool is_free(uint64_t pciexbar)
{
	uint64_t base, size;

	return !pcirule_ecam(pciexbar, &base, &size) ||
	       (!host_is_ram(hpa(base), size) && !gpa_map_touches(gpa(base), size));
}

/* False: it is not to be. Else it follows, and then end(). Before configuration moves to where a
 * device's registers may have been, writes to those are over. */
static bool begin(const struct pci_write *w)
{
	uint64_t next = pcirule_pciexbar(exbar[0], w);

	if (pcirule_kept(w) || (watcher && watcher(w)))
		return false;
	if (next == exbar[0])
		return true;
	if (!pcirule_pciexbar_ok(next) || !is_free(next))
		return false;
	__atomic_store_n(&exbar[1], next, __ATOMIC_SEQ_CST);
	tlb_wait_writes();
	return true;
}

static void end(void)
{
	__atomic_store_n(&exbar[0], exbar[1], __ATOMIC_SEQ_CST);
}

static void out(uint16_t port, unsigned size, uint32_t value)
{
	if (size == 1)
		outb(port, (uint8_t)value);
	else if (size == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
}

static void data_out(uint16_t port, unsigned size, uint32_t value)
{
	uint32_t address = inl(ADDRESS);
	const struct pci_write w = {(uint16_t)(address >> 8),
				    (uint16_t)((address & 0xfc) + (port & 3)), size, value};

	if (!begin(&w))
		return;
	out(port, size, value);
	end();
}

uint32_t pciconf_in(uint16_t port, unsigned size)
{
	uint32_t v;

	spin_lock(&lock);
	v = size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
	spin_unlock(&lock);
	return v;
}

/* What is neither the address as a whole nor data is ignored: QEMU would take what crosses from one
 * to the other apart. */
void pciconf_out(uint16_t port, unsigned size, uint32_t value)
{
	spin_lock(&lock);
	if (port == ADDRESS && size == 4)
		outl(port, value);
	else if (port >= DATA)
		data_out(port, size, value);
	spin_unlock(&lock);
}

static bool touches(uint64_t pciexbar, uint64_t a, unsigned len)
{
	uint64_t base, size;

	return pcirule_ecam(pciexbar, &base, &size) && a < base + size && a + len > base;
}

bool pciconf_at(uint64_t a, unsigned len)
{
	return touches(__atomic_load_n(&exbar[0], __ATOMIC_SEQ_CST), a, len) ||
	       touches(__atomic_load_n(&exbar[1], __ATOMIC_SEQ_CST), a, len);
}

static void write(uint64_t a, unsigned len, uint32_t value,
		  void (*to)(uint64_t a, unsigned len, uint64_t value))
{
	uint64_t base, size;
	struct pci_write w = {.len = len, .value = value};

	if (!pcirule_ecam(exbar[0], &base, &size) || a < base || a - base >= size)
		return; /* it has just moved */
	w.function = (uint16_t)((a - base) >> 12);
	w.reg = (uint16_t)((a - base) & PAGE_MASK);
	if (!begin(&w))
		return;
	to(a, len, value);
	end();
}

/* A device is asked for one dword at a time, as QEMU does (hw/pci/pcie_host.c). */
void pciconf_write(uint64_t a, unsigned len, uint64_t value,
		   void (*to)(uint64_t a, unsigned len, uint64_t value))
{
	if (!IS_ALIGNED(a, len))
		return;
	spin_lock(&lock);
	write(a, MIN(len, 4u), (uint32_t)value, to);
	if (len == 8)
		write(a + 4, 4, (uint32_t)(value >> 32), to);
	spin_unlock(&lock);
}

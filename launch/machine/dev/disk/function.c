/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/function.h"
#include "machine/dev/disk/register.h"
#include "machine/dev/pci/pciconf.h"

/* PCI configuration (PCI Local Bus 3.0, 6) */
#define ID            0x00
#define COMMAND       0x04
#define COMMAND_MEM   BIT(1)
#define BAR(n)        (0x10 + 4 * (n))
#define BARS          6
#define CAPABILITIES  0x34
#define CAP_VENDOR    0x09
#define CAP_MSIX      0x11
#define MSIX_ENABLE   BIT(31) /* of the capability's first dword */
#define MSIX_MASK_ALL BIT(30)
#define MSIX_ENTRY    16
#define MSIX_MASKED   BIT(0)
#define FUNCTIONS     256 /* of bus 0 */
#define CAPS_MOST     48

#define VIRTIO_BLK    0x10421af4u /* virtio 1.2, 4.1.2: 0x1040 + 2 */

/* virtio 1.2, 4.1.4: types of capability, and 4.1.4.3: the common configuration */
#define CFG_COMMON      1
#define CFG_NOTIFY      2
#define NOTIFY_STRIDE   4u /* QEMU's notify_off_multiplier */
#define STATUS          0x14
#define STATUS_DRIVER   4u /* DRIVER_OK */
#define QUEUE_SELECT    0x16
#define QUEUE_SIZE      0x18
#define QUEUE_VECTOR    0x1a
#define QUEUE_ENABLE    0x1c
#define QUEUE_DESC      0x20
#define QUEUE_AVAILABLE 0x28
#define QUEUE_USED      0x30
#define NO_VECTOR       0xffffu

/* Registers in one of its BARs. */
struct place {
	unsigned bar;
	uint32_t offset;
};

static uint16_t function;
static bool found;
static struct place common, notify, table;
static unsigned msix; /* where the capability is; 0: there is none */

static uint32_t config(unsigned reg)
{
	return pciconf_get(function, reg);
}

/* A vendor's: type and BAR are in the second dword, the offset is the third. */
static void take_virtio(unsigned cap)
{
	uint32_t head = config(cap), which = config(cap + 4);
	struct place p = {which & 0xff, config(cap + 8)};

	if (head >> 24 == CFG_COMMON)
		common = p;
	else if (head >> 24 == CFG_NOTIFY)
		notify = p;
}

static void take_capabilities(void)
{
	unsigned cap = config(CAPABILITIES) & 0xfc;

	for (unsigned n = 0; cap && n < CAPS_MOST; n++) {
		uint32_t head = config(cap);

		if ((head & 0xff) == CAP_VENDOR)
			take_virtio(cap);
		if ((head & 0xff) == CAP_MSIX) {
			msix = cap;
			table = (struct place){config(cap + 4) & 7, config(cap + 4) & ~7u};
		}
		cap = head >> 8 & 0xfc;
	}
}

bool function_find(void)
{
	unsigned f = 0;

	while (f < FUNCTIONS && pciconf_get((uint16_t)f, ID) != VIRTIO_BLK)
		f++;
	if (f == FUNCTIONS)
		return false;
	function = (uint16_t)f;
	take_capabilities();
	found = common.bar < BARS && notify.bar < BARS && common.bar == notify.bar;
	return found;
}

/* Where it is now, as the guest has placed it; 0: it does not answer. */
static uint64_t address(struct place p)
{
	uint32_t low = config(BAR(p.bar));
	uint64_t high = 0;

	if (!(config(COMMAND) & COMMAND_MEM) || (low & 1))
		return 0;
	if ((low & 6) == 4)
		high = (uint64_t)config(BAR(p.bar + 1)) << 32;
	low &= ~15u;
	return low || high ? (high | low) + p.offset : 0;
}

/* It has one queue, whose notification is the first. QEMU takes a write anywhere in its four bytes
 * for one, so none may get there. */
bool function_notifies(uint64_t a, unsigned len)
{
	uint64_t n = found ? address(notify) : 0;

	return n && a < n + NOTIFY_STRIDE && a + len > n;
}

static uint64_t get(uint64_t base, unsigned reg, unsigned len)
{
	return disk_reg_read(base + reg, len);
}

/* QEMU answers 32 bits at a time. */
static gpa_t get_address(uint64_t base, unsigned reg)
{
	return gpa(get(base, reg, 4) | get(base, reg + 4, 4) << 32);
}

/* The driver's own choice of a queue is left as it was: it may be about to use it. */
static uint16_t select_first(uint64_t base)
{
	uint16_t before = (uint16_t)get(base, QUEUE_SELECT, 2);

	if (before)
		disk_reg_write(base + QUEUE_SELECT, 2, 0);
	return before;
}

static void select_again(uint64_t base, uint16_t before)
{
	if (before)
		disk_reg_write(base + QUEUE_SELECT, 2, before);
}

bool function_queue(struct disk_queue *q)
{
	uint64_t base = address(common);
	uint16_t before;
	bool on;

	if (!base)
		return false;
	before = select_first(base);
	on = (get(base, STATUS, 1) & STATUS_DRIVER) && get(base, QUEUE_ENABLE, 2) == 1;
	*q = (struct disk_queue){(uint16_t)get(base, QUEUE_SIZE, 2), get_address(base, QUEUE_DESC),
				 get_address(base, QUEUE_AVAILABLE), get_address(base, QUEUE_USED)};
	select_again(base, before);
	return on && q->size && q->size <= QUEUE_MOST;
}

static uint16_t vector(void)
{
	uint64_t base = address(common);
	uint16_t before, v;

	if (!base)
		return NO_VECTOR;
	before = select_first(base);
	v = (uint16_t)get(base, QUEUE_VECTOR, 2);
	select_again(base, before);
	return v;
}

enum message_state function_message(struct disk_message *m)
{
	uint32_t control = msix ? config(msix) : 0;
	uint64_t entry = table.bar < BARS ? address(table) : 0;
	uint16_t v = vector();

	if (!(control & MSIX_ENABLE) || !entry || v > (control >> 16 & 0x7ff))
		return MESSAGE_NONE;
	entry += v * MSIX_ENTRY;
	if ((control & MSIX_MASK_ALL) || (disk_reg_read(entry + 12, 4) & MSIX_MASKED))
		return MESSAGE_MASKED;
	m->address = (uint32_t)disk_reg_read(entry, 4);
	m->data = (uint32_t)disk_reg_read(entry + 8, 4);
	return MESSAGE_READY;
}

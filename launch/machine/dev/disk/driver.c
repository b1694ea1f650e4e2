/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/driver.h"
#include "machine/dev/disk/function.h"
#include "machine/dev/disk/register.h"

/* virtio 1.2, 4.1.4.3: the common configuration, and 2.1: the status */
#define CONFIG_VECTOR   0x10
#define STATUS          0x14
#define STATUS_DRIVER   4u    /* DRIVER_OK */
#define STATUS_BROKEN   0x40u /* DEVICE_NEEDS_RESET */
#define QUEUE_SELECT    0x16
#define QUEUE_SIZE      0x18
#define QUEUE_VECTOR    0x1a
#define QUEUE_ENABLE    0x1c
#define QUEUE_DESC      0x20
#define QUEUE_AVAILABLE 0x28
#define QUEUE_USED      0x30

/* PCI Local Bus 3.0, 6.8.2; the first two are bits of the capability's first dword */
#define MSIX_ENABLE   BIT(31)
#define MSIX_MASK_ALL BIT(30)
#define MSIX_LAST(c)  ((c) >> 16 & 0x7ff)
#define MSIX_ENTRY    16
#define MSIX_MASKED   BIT(0)

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

/* DRIVER_OK, and nothing that the driver would have to see to first. */
static bool is_live(uint64_t base)
{
	return (get(base, STATUS, 1) & (STATUS_DRIVER | STATUS_BROKEN)) == STATUS_DRIVER;
}

bool driver_queue(struct disk_queue *q)
{
	uint64_t base = function_address(PLACE_COMMON);
	uint16_t before;
	bool on;

	if (!base || !function_is_master())
		return false;
	before = select_first(base);
	on = is_live(base) && get(base, QUEUE_ENABLE, 2) == 1;
	*q = (struct disk_queue){(uint16_t)get(base, QUEUE_SIZE, 2), get_address(base, QUEUE_DESC),
				 get_address(base, QUEUE_AVAILABLE), get_address(base, QUEUE_USED)};
	select_again(base, before);
	return on && q->size && q->size <= QUEUE_MOST;
}

static uint16_t vector(uint64_t base, enum disk_vector which)
{
	uint16_t before, v;

	if (which == VECTOR_CONFIG)
		return (uint16_t)get(base, CONFIG_VECTOR, 2);
	before = select_first(base);
	v = (uint16_t)get(base, QUEUE_VECTOR, 2);
	select_again(base, before);
	return v;
}

enum message_state driver_message(enum disk_vector which, struct disk_message *m)
{
	uint32_t control = function_msix();
	uint64_t base = function_address(PLACE_COMMON), entry = function_address(PLACE_TABLE);
	uint16_t v;

	if (!(control & MSIX_ENABLE))
		return MESSAGE_NONE;
	if (!base || !entry)
		return MESSAGE_HELD;
	v = vector(base, which);
	if (v > MSIX_LAST(control)) /* NO_VECTOR among them, which a reset leaves */
		return MESSAGE_NONE;
	entry += v * MSIX_ENTRY;
	if ((control & MSIX_MASK_ALL) || (disk_reg_read(entry + 12, 4) & MSIX_MASKED) ||
	    !function_is_master())
		return MESSAGE_HELD;
	m->address = (uint32_t)disk_reg_read(entry, 4);
	m->data = (uint32_t)disk_reg_read(entry + 8, 4);
	return MESSAGE_READY;
}

/* QEMU keeps the bit as it keeps those that a driver writes, and a reset clears it. */
void driver_needs_reset(void)
{
	uint64_t base = function_address(PLACE_COMMON);

	if (base)
		disk_reg_write(base + STATUS, 1, get(base, STATUS, 1) | STATUS_BROKEN);
}

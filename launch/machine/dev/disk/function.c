/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/function.h"
#include "machine/dev/pci/pciconf.h"

/* PCI configuration (PCI Local Bus 3.0, 6) */
#define ID             0x00
#define COMMAND        0x04
#define COMMAND_MEM    BIT(1)
#define COMMAND_MASTER BIT(2)
#define BAR(n)         (0x10 + 4 * (n))
#define BARS           6
#define CAPABILITIES   0x34
#define CAP_VENDOR     0x09
#define CAP_MSIX       0x11
#define FUNCTIONS      256 /* of bus 0 */
#define CAPS_MOST      48

#define VIRTIO_BLK     0x10421af4u /* virtio 1.2, 4.1.2: 0x1040 + 2 */

/* virtio 1.2, 4.1.4: types of capability */
#define CFG_COMMON    1
#define CFG_NOTIFY    2
#define CFG_PCI       5
#define CAP_OFFSET    8
#define CAP_LENGTH    12
#define CAP_DATA      16
#define NOTIFY_STRIDE 4u /* QEMU's notify_off_multiplier */

/* Registers in one of its BARs. */
struct place {
	unsigned bar;
	uint32_t offset;
};

static uint16_t function;
static struct place places[FUNCTION_PLACES];
static unsigned msix, window; /* where the capabilities are; 0: there is none */

static uint32_t config(unsigned reg)
{
	return pciconf_get(function, reg);
}

/* A vendor's: type and BAR are in the second dword, the offset is the third. */
static void take_virtio(unsigned cap)
{
	unsigned type = config(cap) >> 24;
	struct place p = {config(cap + 4) & 0xff, config(cap + CAP_OFFSET)};

	if (type == CFG_COMMON)
		places[PLACE_COMMON] = p;
	else if (type == CFG_NOTIFY)
		places[PLACE_NOTIFY] = p;
	else if (type == CFG_PCI)
		window = cap;
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
			places[PLACE_TABLE] =
				(struct place){config(cap + 4) & 7, config(cap + 4) & ~7u};
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
	return places[PLACE_COMMON].bar < BARS &&
	       places[PLACE_NOTIFY].bar == places[PLACE_COMMON].bar;
}

uint16_t function_number(void)
{
	return function;
}

uint64_t function_address(enum function_place which)
{
	struct place p = places[which];
	uint32_t low;
	uint64_t high = 0;

	if (p.bar >= BARS || !(config(COMMAND) & COMMAND_MEM))
		return 0;
	low = config(BAR(p.bar));
	if (low & 1)
		return 0;
	if ((low & 6) == 4)
		high = (uint64_t)config(BAR(p.bar + 1)) << 32;
	low &= ~15u;
	return low || high ? (high | low) + p.offset : 0;
}

bool function_is_master(void)
{
	return config(COMMAND) & COMMAND_MASTER;
}

uint32_t function_msix(void)
{
	return msix ? config(msix) : 0;
}

/* [a, a + len) and [b, b + more) have a byte in common. */
static bool overlap(uint64_t a, uint64_t len, uint64_t b, uint64_t more)
{
	return a < b + more && b < a + len;
}

/* It has one queue, whose notification is the first. QEMU takes a write anywhere in its four bytes
 * for one, so none may get there. */
bool function_notifies(uint64_t a, unsigned len)
{
	uint64_t n = function_address(PLACE_NOTIFY);

	return n && overlap(a, len, n, NOTIFY_STRIDE);
}

/* QEMU looks for the offset in the BAR that has these registers, whichever the window names, and
 * whether it decodes or not (hw/virtio/virtio-pci.c, virtio_address_space_lookup()). */
bool function_notified(const struct pci_write *w, struct disk_notification *n)
{
	uint32_t length;

	if (!window || w->function != function ||
	    !overlap(w->reg, w->len, window + CAP_DATA, sizeof(uint32_t)))
		return false;
	length = pciconf_peek(function, window + CAP_LENGTH);
	*n = (struct disk_notification){length, w->value};
	return overlap(pciconf_peek(function, window + CAP_OFFSET), length,
		       places[PLACE_NOTIFY].offset, NOTIFY_STRIDE);
}

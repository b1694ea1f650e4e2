/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The device's registers. Bytes that QEMU has come through a buffer, so much at a time that a
 * kernel costs few requests to it. */
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/host/mem/direct.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define SELECT     0x510
#define DMA_HIGH   0x514
#define DMA_LOW    0x518

#define CTL_ERROR  0x01u
#define CTL_READ   0x02u
#define CTL_SKIP   0x04u
#define CTL_SELECT 0x08u
#define CTL_WRITE  0x10u

/* Bits of a key that are no part of the item's number (fw_cfg.rst, "Selector Register"): 14 is of
 * no use any more, and items with bit 15 there are none here. */
#define KEY_WRITE BIT(14)

struct request {
	uint32_t control, length; /* big-endian, all three */
	uint64_t address;
} PACKED;
ABI_SIZE(struct request, 16, "fw_cfg.rst: FWCfgDmaAccess");

static struct spinlock lock;
static const struct fwitem *item; /* NULL: none is selected */
static uint32_t at;               /* in it */
static uint64_t request_at;       /* the high half, while the low one is missing */

/* Of QEMU's bytes: what was read last. */
static uint8_t buffer[64 << 10] ALIGNED(4096);
static const struct fwitem *buffered;
static uint32_t buffer_from, buffer_len;

static void select(uint16_t key)
{
	item = fwitem_find(key & (uint16_t)~KEY_WRITE);
	at = 0;
	if (item && item->selected)
		item->selected();
}

/* False when QEMU does not answer. */
static bool fill(const struct fwitem *i, uint32_t from)
{
	uint32_t n = MIN(i->size - from, (uint32_t)sizeof(buffer));

	buffered = NULL;
	if (!fwcfg_read(&i->real, i->offset + from, host_pa(buffer), n))
		return false;
	buffered = i;
	buffer_from = from;
	buffer_len = n;
	return true;
}

/* The item's bytes from `at` on, which lies in it: at least one, and how many there are. */
static const uint8_t *bytes(uint32_t *n)
{
	static const uint8_t none;

	if (item->data) {
		*n = item->size - at;
		return (const uint8_t *)item->data + at;
	}
	if ((buffered != item || at < buffer_from || at - buffer_from >= buffer_len) &&
	    !fill(item, at)) {
		*n = 1;
		return &none;
	}
	*n = buffer_len - (at - buffer_from);
	return buffer + (at - buffer_from);
}

static bool at_end(void)
{
	return !item || at >= item->size;
}

static void read(uint8_t *to, size_t n)
{
	while (n && !at_end()) {
		uint32_t some;
		const uint8_t *from = bytes(&some);

		some = (uint32_t)MIN((size_t)some, n);
		memcpy(to, from, some);
		at += some;
		to += some;
		n -= some;
	}
	if (n)
		memset(to, 0, n);
}

/* Page by page, since the guest's pages are shared one by one. */
static bool read_to_guest(uint64_t to, uint32_t n)
{
	static const uint8_t zeroes[PAGE_SIZE];

	while (n) {
		uint32_t some = (uint32_t)(PAGE_SIZE - (to & PAGE_MASK)), there = n;
		const uint8_t *from = at_end() ? zeroes : bytes(&there);

		some = MIN(some, MIN(n, there));
		if (!fwdev_guest_write(gpa(to), from, some))
			return false;
		at += at_end() ? 0 : some;
		to += some;
		n -= some;
	}
	return true;
}

/* No item can be written: nothing here asks a guest for anything. */
static uint32_t transfer(uint32_t control, uint64_t address, uint32_t length)
{
	if (control & CTL_SELECT)
		select((uint16_t)(control >> 16));
	if (control & CTL_READ)
		return read_to_guest(address, length) ? 0 : CTL_ERROR;
	if (control & CTL_WRITE)
		return length ? CTL_ERROR : 0;
	if ((control & CTL_SKIP) && !at_end())
		at += MIN(length, item->size - at);
	return 0;
}

static void request(gpa_t g)
{
	struct request r;
	uint32_t result;

	if (!fwdev_guest_read(g, &r, sizeof(r)))
		return;
	result = transfer(__builtin_bswap32(r.control), __builtin_bswap64(r.address),
			  __builtin_bswap32(r.length));
	result = __builtin_bswap32(result);
	fwdev_guest_write(g, &result, sizeof(result));
}

bool fwdev_at(uint16_t port)
{
	return port >= FWDEV_FIRST && port <= FWDEV_LAST;
}

void fwdev_in_string(uint8_t *to, size_t n)
{
	spin_lock(&lock);
	read(to, n);
	spin_unlock(&lock);
}

/* In the order of memory: the registers are big-endian. */
static uint32_t signature(uint16_t port, unsigned size)
{
	static const char text[] = "QEMU CFG";
	uint32_t v = 0;

	for (unsigned i = 0; i < size && port + i <= FWDEV_LAST; i++)
		v |= (uint32_t)(uint8_t)text[port + i - DMA_HIGH] << 8 * i;
	return v;
}

uint32_t fwdev_in(uint16_t port, unsigned size)
{
	uint8_t byte;

	if (port >= DMA_HIGH)
		return signature(port, size);
	if (port > FWDEV_DATA || size != 1)
		return 0;
	fwdev_in_string(&byte, 1);
	return byte;
}

static void write(uint16_t port, unsigned size, uint32_t value)
{
	uint64_t high = request_at;

	if (port == SELECT && size == 2)
		select((uint16_t)value);
	if (port == DMA_HIGH && size == 4)
		request_at = (uint64_t)__builtin_bswap32(value) << 32;
	if (port == DMA_LOW && size == 4) {
		request_at = 0;
		request(gpa(high | __builtin_bswap32(value)));
	}
}

void fwdev_out(uint16_t port, unsigned size, uint32_t value)
{
	spin_lock(&lock);
	write(port, size, value);
	spin_unlock(&lock);
}

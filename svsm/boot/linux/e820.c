/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The memory map that Linux gets, as a list of e820 entries. boot/linux/linux.c fills it and then
 * cuts the reserved regions out. Portable.
 */
#include "boot/linux/e820.h"

bool e820_add(struct e820 *e, uint64_t base, uint64_t size, uint32_t type)
{
	if (e->count == BOOTPARAMS_E820_MAX)
		return false;
	e->entry[e->count++] = (struct bootparams_e820){base, size, type};
	return true;
}

/* Insert an entry at index i; an empty one is left out. False: no room. */
static bool insert(struct e820 *e, unsigned i, uint64_t base, uint64_t end, uint32_t type)
{
	if (base == end)
		return true;
	if (e->count == BOOTPARAMS_E820_MAX)
		return false;
	for (unsigned n = e->count++; n > i; n--)
		e->entry[n] = e->entry[n - 1];
	e->entry[i] = (struct bootparams_e820){base, end - base, type};
	return true;
}

/* First the part behind is inserted, then the part in front: the other way round the index would
 * have moved. */
bool e820_carve(struct e820 *e, uint64_t base, uint64_t size, uint32_t type)
{
	for (unsigned i = 0; i < e->count; i++) {
		struct bootparams_e820 old = e->entry[i];

		if (base < old.base || base + size > old.base + old.size)
			continue;
		e->entry[i] = (struct bootparams_e820){base, size, type};
		return insert(e, i + 1, base + size, old.base + old.size, old.type) &&
		       insert(e, i, old.base, base, old.type);
	}
	return false;
}

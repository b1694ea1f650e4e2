/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The implementation of mm/guest_mem.h: a range check against the memory map, then an access that
 * may fault. No other file reads or writes guest memory; keep it that way, because each such place
 * would have to get these two steps right by itself.
 */
#include "mm/guest_mem.h"
#include "base/speculation.h"
#include "mm/memmap.h"
#include "mm/copy.h"
#include "mm/paging.h"

/* The address in the map of guest RAM; NULL when a guest may not name all of these bytes. Behind a
 * check that fails the address is masked to the end of RAM. The SVSM's own memory is not in that
 * map, so nothing of it can be reached by speculation. */
static void *guest_ptr(gpa_t g, size_t len)
{
	if (!memmap_is_guest(g, len))
		return NULL;
	return paging_guest_va(gpa(speculation_index(g.v, memmap_end().v)));
}

bool guest_copy_in(void *dst, gpa_t src, size_t len)
{
	const void *p = guest_ptr(src, len);

	return p && !fault_copy(dst, p, len);
}

bool guest_copy_out(gpa_t dst, const void *src, size_t len)
{
	void *p = guest_ptr(dst, len);

	return p && !fault_copy(p, src, len);
}

bool guest_zero(gpa_t dst, size_t len)
{
	void *p = guest_ptr(dst, len);

	return p && !fault_zero(p, len);
}

#define GUEST_ACCESS(bits)                                                                         \
	bool guest_read##bits(gpa_t g, uint##bits##_t *v)                                          \
	{                                                                                          \
		void *p = IS_ALIGNED(g.v, sizeof(*v)) ? guest_ptr(g, sizeof(*v)) : NULL;           \
                                                                                                   \
		return p && !fault_read##bits(p, v);                                               \
	}                                                                                          \
	bool guest_write##bits(gpa_t g, uint##bits##_t v)                                          \
	{                                                                                          \
		void *p = IS_ALIGNED(g.v, sizeof(v)) ? guest_ptr(g, sizeof(v)) : NULL;             \
                                                                                                   \
		return p && !fault_write##bits(p, v);                                              \
	}

GUEST_ACCESS(8)
GUEST_ACCESS(64)

bool guest_clear64(gpa_t g, uint64_t bits)
{
	void *p = IS_ALIGNED(g.v, sizeof(bits)) ? guest_ptr(g, sizeof(bits)) : NULL;

	return p && !fault_and64(p, ~bits);
}

bool guest_set64(gpa_t g, uint64_t bits)
{
	void *p = IS_ALIGNED(g.v, sizeof(bits)) ? guest_ptr(g, sizeof(bits)) : NULL;

	return p && !fault_or64(p, bits);
}

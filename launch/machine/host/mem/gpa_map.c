/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The guest's memory: a few extents, sorted, and the monitor's view of them. */
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/paging.h"
#include "machine/host_assert.h"
#include "machine/layout.h"
#include "base/x86.h"

#define EXTENTS_MAX 32

static struct gpa_extent extents[EXTENTS_MAX];
static unsigned count;

void *guest_ptr(gpa_t g)
{
	return (void *)(GUEST_BASE + g.v);
}

gpa_t guest_gpa(const void *p)
{
	return gpa((uint64_t)p - GUEST_BASE);
}

/* No guest's address has more bits than the nested tables have. */
void gpa_map_add(struct gpa_extent e)
{
	unsigned at;

	HOST_ASSERT(count < EXTENTS_MAX && e.base + e.size <= GUEST_SIZE);
	HOST_ASSERT(!gpa_map_touches(gpa(e.base), e.size));
	for (at = count++; at && extents[at - 1].base > e.base; at--)
		extents[at] = extents[at - 1];
	extents[at] = e;
	paging_add(GUEST_BASE + e.base, e.host, e.size, PTE_P | PTE_W | PTE_NX | PTE_G);
}

void gpa_map_reset(void)
{
	count = 0;
}

unsigned gpa_map_extents(const struct gpa_extent **e)
{
	*e = extents;
	return count;
}

uint64_t gpa_map_end(void)
{
	return count ? extents[count - 1].base + extents[count - 1].size : 0;
}

/* NULL: no memory is there. */
static const struct gpa_extent *extent_of(gpa_t g)
{
	for (unsigned i = 0; i < count; i++)
		if (g.v - extents[i].base < extents[i].size)
			return &extents[i];
	return NULL;
}

uint64_t gpa_map_run(gpa_t g, hpa_t *host)
{
	const struct gpa_extent *e = extent_of(g);

	if (!e)
		return 0;
	*host = hpa(e->host + (g.v - e->base));
	return e->size - (g.v - e->base);
}

hpa_t gpa_map_host(gpa_t g)
{
	hpa_t host;

	if (!gpa_map_run(g, &host))
		host_fault("0x%llx is no memory of the guest's", (unsigned long long)g.v);
	return host;
}

bool gpa_map_touches(gpa_t g, uint64_t len)
{
	if (g.v + len < g.v)
		return true;
	for (unsigned i = 0; i < count; i++)
		if (g.v < extents[i].base + extents[i].size && extents[i].base < g.v + len)
			return true;
	return false;
}

/* Neighbours may lie apart in the host's memory; to the guest they are one. */
bool host_guest_ram(gpa_t g, uint64_t len)
{
	const struct gpa_extent *e = extent_of(g);

	while (e && e->guest) {
		uint64_t here = e->size - (g.v - e->base);

		if (len <= here)
			return true;
		len -= here;
		g = gpa_add(g, here);
		e = extent_of(g);
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Pages outside the guest's RAM are gathered into a few ranges, neighbours into one, and each range
 * gets memory of the pool. Where there are devices nobody gets any; loader_check() refuses what has
 * none in the end.
 */
#include "machine/load/room.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "abi/machine.h"

#define RANGES_MAX   16
#define DEVICES_BASE 0xfec00000ull /* IOAPIC, HPET, TPM, IOMMU, local APICs, KVM's own */
#define DEVICES_END  MACHINE_FIRMWARE_BASE
#define END          (64ull << 30) /* tables reach to the highest address, used or not */

struct room {
	struct {
		uint64_t base, end;
	} r[RANGES_MAX];
	unsigned n;
};

static bool suits(uint64_t at, uint64_t size)
{
	return IS_ALIGNED(at | size, PAGE_SIZE) && size && size <= END && at <= END - size &&
	       (at + size <= DEVICES_BASE || at >= DEVICES_END) && !gpa_map_touches(gpa(at), size);
}

/* One range more: what it touches becomes part of it. */
static void add(struct room *room, uint64_t at, uint64_t size)
{
	uint64_t end = at + size;

	if (!suits(at, size))
		return;
	for (unsigned i = 0; i < room->n;) {
		if (room->r[i].end < at || room->r[i].base > end) {
			i++;
			continue;
		}
		at = MIN(at, room->r[i].base);
		end = MAX(end, room->r[i].end);
		room->r[i] = room->r[--room->n];
		i = 0;
	}
	if (room->n < RANGES_MAX) {
		room->r[room->n].base = at;
		room->r[room->n++].end = end;
	}
}

static void add_insert(struct room *room, const struct igvm_iter *it,
		       const struct igvm_parameter_insert *p)
{
	for (uint32_t i = 0; i < it->area_count; i++)
		if (it->areas[i].index == p->index)
			add(room, p->gpa, it->areas[i].size);
}

static void add_header(struct room *room, const struct igvm_iter *it, const struct igvm_header *h)
{
	const struct igvm_page_data *page = h->body;
	const struct igvm_required_memory *required = h->body;

	if (h->type == IGVM_PAGE_DATA)
		add(room, page->gpa, igvm_page_size(page));
	else if (h->type == IGVM_REQUIRED_MEMORY)
		add(room, required->gpa, required->size);
	else if (h->type == IGVM_PARAMETER_INSERT)
		add_insert(room, it, h->body);
}

/* At an address of the pool that allows large pages where the guest's does. */
static void make(uint64_t base, uint64_t size)
{
	uint64_t pad = size >= SIZE_2M ? SIZE_2M - PAGE_SIZE : 0, host;
	void *p = host_pages_try((unsigned)((size + pad) / PAGE_SIZE));

	if (!p)
		return;
	host = host_pa(p).v;
	if (pad)
		host += (base - host) % SIZE_2M;
	gpa_map_add((struct gpa_extent){base, size, host, true});
}

void loader_make_room(const struct loader *l)
{
	static struct room room;
	struct igvm_iter it;
	struct igvm_header h;

	igvm_iter_init(&it, &l->file);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (h.mask & l->mask)
			add_header(&room, &it, &h);
	for (unsigned i = 0; i < room.n; i++)
		make(room.r[i].base, room.r[i].end - room.r[i].base);
	gpa_map_add((struct gpa_extent){ROOM_BOOT_VMSA, PAGE_SIZE, host_pa(host_pages_alloc(1)).v,
					false});
}

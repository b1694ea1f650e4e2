/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The parameters of an IGVM launch that firmware may ask for: the memory map and the number of
 * vCPUs. Firmware that finds them does not ask the host for either (edk2,
 * OvmfPkg/Library/PlatformInitLib/Igvm.c): so it sees no service CPU, knows the SVSM's memory for
 * reserved, and takes no RAM that the SVSM has left out. Firmware that finds none of them, or that
 * has no room for so many ranges, asks the host.
 */
#include "boot/firmware/firmware.h"
#include "boot/guest.h"
#include "cpu/percpu.h"
#include "log/log.h"
#include "mm/guest_mem.h"

#define ENTRIES_MAX 16 /* edk2 has room for 8 */

struct table {
	struct igvm_memory_map_entry *out;
	unsigned count, room;
	bool full;
};

static void add(struct table *t, uint64_t base, uint64_t end, uint16_t type)
{
	if (base >= end)
		return;
	t->full |= t->count == t->room;
	if (!t->full)
		t->out[t->count++] =
			(struct igvm_memory_map_entry){.pfn = base >> PAGE_SHIFT,
						       .pages = (end - base) >> PAGE_SHIFT,
						       .type = type};
}

/* RAM from base to end without one range of the launch's own. */
static void add_ram(struct table *t, uint64_t base, uint64_t end, const struct launch_range *cut)
{
	uint64_t from = MIN(MAX(cut->gpa, base), end),
		 to = MIN(MAX(cut->gpa + cut->size, base), end);

	add(t, base, from, IGVM_MEMORY_RAM);
	add(t, to, end, IGVM_MEMORY_RAM);
}

unsigned firmware_memory_map(const struct launch_info *l, const struct memmap_range *ram,
			     unsigned count, struct igvm_memory_map_entry *out, unsigned room)
{
	uint64_t own_end = l->setup.gpa + l->setup.size;
	struct table t = {.out = out, .room = room};
	bool reserved = false;

	for (unsigned i = 0; i < count; i++) {
		uint64_t base = ram[i].base.v, end = base + ram[i].size;

		if (!reserved && base >= l->svsm.gpa) {
			add(&t, l->svsm.gpa, own_end, IGVM_MEMORY_RESERVED);
			reserved = true;
		}
		if (base != l->setup.gpa)
			add_ram(&t, base, end, &l->kernel);
	}
	return t.full ? 0 : t.count;
}

void firmware_params_write(const struct launch_info *l)
{
	struct igvm_memory_map_entry table[ENTRIES_MAX];
	uint32_t vcpus = percpu_guest_count();
	const struct memmap_range *ram;
	unsigned n = memmap_guest_ranges(&ram);
	unsigned room = MIN(l->params.memory_map_entries, ENTRIES_MAX);
	unsigned used = firmware_memory_map(l, ram, n, table, room);

	if (l->params.memory_map && !used)
		log_warn("guest: the firmware has room for %u ranges of memory, which is not "
			 "enough: it "
			 "takes the host's map",
			 l->params.memory_map_entries);
	if (l->params.memory_map)
		guest_put(gpa(l->params.memory_map), table, used * sizeof(table[0]));
	if (l->params.vp_count)
		guest_put(gpa(l->params.vp_count), &vcpus, sizeof(vcpus));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How the SVSM's own memory is shared out: image, heap, and at the end the page states of all RAM.
 * The builder chose the range for a machine of some size (harness/igvm/region.c). A host that
 * gives more RAM than that has room for is no reason to stop: the RAM at the top is left out, and
 * the guest gets the rest.
 */
#include "boot/main.h"
#include "base/assert.h"
#include "boot/guest.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/image.h"
#include "mm/launch_area.h"
#include "mm/layout.h"
#include "mm/memmap.h"
#include "mm/paging.h"
#include "platform/platform.h"

#define HEAP_LEAST  (8ull << 20) /* what services, stacks and tasks of a few CPUs take, and some */
#define STATE_SHARE 64 /* for 64 bytes of states 1 byte of page tables: 8 bytes for 2 MiB */

static uint64_t left_out;   /* bytes of RAM */
static const char *refused; /* why the host's map is not used; NULL: it is */

/* Bytes of states for which there is room behind the image; the heap comes first. */
static uint64_t states_room(uint64_t room)
{
	uint64_t spare = room > HEAP_LEAST ? room - HEAP_LEAST : 0;

	return ALIGN_DOWN(MAX(spare, room / 8) / (STATE_SHARE + 1) * STATE_SHARE,
			  SIZE_2M / PAGE_SIZE);
}

#define BROUGHT 3

/*
 * Firmware, the SVSM behind the end of low RAM, and the boot vCPU's page lie where the host's map
 * has no RAM. The launch has put private memory there, and the launch page, which is measured, says
 * so. The ranges are checked later, by launch_area_check(); a bad one makes the map unusable.
 */
static unsigned brought_ranges(const struct memmap_range *own, struct memmap_range r[BROUGHT])
{
	const struct launch_info *l = &launch_info;

	if (l->guest != LAUNCH_GUEST_FIRMWARE)
		return 0;
	r[0] = *own;
	r[1] = (struct memmap_range){gpa(l->kernel.gpa), l->kernel.size};
	r[2] = (struct memmap_range){gpa(l->setup.gpa), l->setup.size};
	return BROUGHT;
}

/*
 * There is no way to the log yet. So a map that cannot be used is replaced by the SVSM's own range,
 * with which the boot comes to memory_announce(), and ends there with a line that says why. An
 * address that reaches the C-bit would name another page, perhaps one of the SVSM's.
 */
static void read_map(void)
{
	struct memmap_range own = {gpa(launch_info.svsm.gpa), launch_info.svsm.size},
			    brought[BROUGHT];
	unsigned n = brought_ranges(&own, brought);

	if (!memmap_init(igvm_memory_map, IGVM_AREA_SIZE, brought, n, own.base, own.size))
		refused = "is malformed, overlaps itself, or lacks the SVSM's own memory";
	else if (memmap_end().v > MIN(platform_cbit, GUEST_MAP_MAX))
		refused = "reaches the C-bit";
	if (refused)
		ASSERT(memmap_set(&own, 1, own.base, own.size));
}

/* The map first, because it says how much the states take; the allocator next, because the page
 * tables are built from it. */
void memory_init(void)
{
	uint64_t start = (uint64_t)kernel_end, end = KERNEL_BASE + launch_info.svsm.size, states;

	read_map();
	left_out = memmap_limit(states_room(end - start) * PAGE_SIZE);
	states = ALIGN_DOWN(end - memmap_bytes() / PAGE_SIZE, PAGE_SIZE);
	alloc_init(kernel_end, (states - start) / PAGE_SIZE);
	guest_memory_init((uint8_t *)states);
	paging_init();
}

void memory_announce(void)
{
	if (refused)
		panic("the host's memory map %s", refused);
	if (left_out)
		log_warn("%lu MiB of RAM are left out: this image has room for the page states of "
			 "%lu MiB, so build it for more memory",
			 left_out >> 20, memmap_bytes() >> 20);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Checks of the launch page. The page is measured, so a wrong value is a mistake of whoever built
 * the image and not an attack; a panic that names it is the best answer.
 */
#include "mm/launch_area.h"
#include "base/assert.h"
#include "mm/launch_events.h"
#include "mm/memmap.h"

/* An absent range (size 0), or page aligned RAM that is not the SVSM's. */
static bool range_ok(const struct launch_range *r)
{
	if (!r->size)
		return true;
	return IS_ALIGNED(r->gpa, PAGE_SIZE) &&
	       memmap_is_guest(gpa(r->gpa), ALIGN_UP(r->size, PAGE_SIZE));
}

void launch_area_check(void)
{
	const struct launch_info *l = &launch_info;
	const char *why;

	if (l->guest > LAUNCH_GUEST_BARE)
		panic("launch_info: guest kind %u", l->guest);
	if (l->guest && (l->guest_vmpl < 1 || l->guest_vmpl >= VMPL_COUNT))
		panic("launch_info: guest VMPL %u", l->guest_vmpl);
	if (!range_ok(&l->kernel) || !range_ok(&l->setup) || !range_ok(&l->initrd) ||
	    !range_ok(&l->cmdline))
		panic("launch_info: a range is not page aligned guest RAM");
	why = launch_events_objection(l);
	if (why)
		panic("launch_info: %s", why);
}

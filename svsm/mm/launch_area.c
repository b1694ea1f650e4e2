/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Checks of the launch page. The page is measured, so a wrong value is a mistake of whoever built
 * the image and not an attack; a panic that names it is the best answer.
 */
#include "mm/launch_area.h"
#include "base/assert.h"
#include "mm/launch_events.h"
#include "lib/launch_sections.h"
#include "mm/memmap.h"

/* An absent range (size 0), or page aligned RAM that is not the SVSM's. */
static bool range_ok(const struct launch_range *r)
{
	if (!r->size)
		return true;
	return IS_ALIGNED(r->gpa, PAGE_SIZE) &&
	       memmap_is_guest(gpa(r->gpa), ALIGN_UP(r->size, PAGE_SIZE));
}

static bool sections_ok(const struct launch_info *l)
{
	for (uint32_t i = 0; i < l->section_count; i++)
		if (!memmap_is_guest(gpa(l->sections[i].gpa), l->sections[i].size))
			return false;
	return true;
}

void launch_area_check(void)
{
	const struct launch_info *l = &launch_info;
	const char *why;

	if (l->guest > LAUNCH_GUEST_FIRMWARE)
		panic("launch_info: guest kind %u", l->guest);
	if (l->guest && (l->guest_vmpl < 1 || l->guest_vmpl >= VMPL_COUNT))
		panic("launch_info: guest VMPL %u", l->guest_vmpl);
	if (!range_ok(&l->kernel) || !range_ok(&l->setup) || !range_ok(&l->initrd) ||
	    !range_ok(&l->cmdline))
		panic("launch_info: a range is not page aligned guest RAM");
	why = launch_events_objection(l);
	if (!why)
		why = launch_sections_objection(l);
	if (!why && !sections_ok(l))
		why = "a section outside guest RAM";
	if (why)
		panic("launch_info: %s", why);
}

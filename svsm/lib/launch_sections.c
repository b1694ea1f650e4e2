/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The launch page's sections, checked before the memory that they name is given to the guest. They
 * are measured, so what is wrong with them is the builder's mistake; but the builder has read them
 * out of a file that is anybody's. Portable, pure.
 */
#include "lib/launch_sections.h"
#include "abi/igvm.h"
#include "base/addr.h"

#define END_4G 0x100000000ull

struct area {
	uint64_t base, end;
};

static struct area area_of(const struct launch_section *s)
{
	return (struct area){s->gpa, (uint64_t)s->gpa + s->size};
}

static bool overlap(struct area a, struct area b)
{
	return a.base < b.end && b.base < a.end;
}

static bool is_inside(struct area a, struct area of)
{
	return a.base >= of.base && a.end <= of.end;
}

static unsigned count(const struct launch_info *l, enum launch_section_type type)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < l->section_count; i++)
		n += l->sections[i].type == type;
	return n;
}

static bool is_single_page(uint32_t type)
{
	return type == LAUNCH_SECTION_SECRETS || type == LAUNCH_SECTION_CPUID ||
	       type == LAUNCH_SECTION_CAA;
}

/* Overlaps are looked for among those that come before. */
static const char *section_objection(const struct launch_info *l, uint32_t i)
{
	const struct launch_section *s = &l->sections[i];
	struct area a = area_of(s), image = {l->kernel.gpa, l->kernel.gpa + l->kernel.size};

	if (!s->size || !IS_ALIGNED(s->gpa | s->size, PAGE_SIZE) || a.end > END_4G)
		return "a section that is not whole pages below 4 GiB";
	if (s->type != LAUNCH_SECTION_MEMORY && s->type != LAUNCH_SECTION_KERNEL_HASHES &&
	    !is_single_page(s->type))
		return "a section's type";
	if (is_single_page(s->type) && s->size != PAGE_SIZE)
		return "a section of more than its one page";
	if (overlap(a, image))
		return "a section in the firmware's image";
	for (uint32_t j = 0; j < i; j++)
		if (overlap(a, area_of(&l->sections[j])))
			return "sections that overlap";
	return NULL;
}

static bool in_memory(const struct launch_info *l, uint64_t gpa, uint64_t size)
{
	struct area a = {gpa, gpa + size};

	for (uint32_t i = 0; i < l->section_count; i++)
		if (l->sections[i].type == LAUNCH_SECTION_MEMORY &&
		    is_inside(a, area_of(&l->sections[i])))
			return true;
	return false;
}

static const char *params_objection(const struct launch_info *l)
{
	const struct launch_params *p = &l->params;
	uint64_t bytes = (uint64_t)p->memory_map_entries * sizeof(struct igvm_memory_map_entry);

	if (!p->memory_map != !p->memory_map_entries)
		return "a memory map without room or place";
	if (p->memory_map && (!IS_ALIGNED(p->memory_map, 8) || !in_memory(l, p->memory_map, bytes)))
		return "a memory map outside the firmware's memory";
	if (p->vp_count && (!IS_ALIGNED(p->vp_count, 4) || !in_memory(l, p->vp_count, 4)))
		return "a number of vCPUs outside the firmware's memory";
	return NULL;
}

static const char *image_objection(const struct launch_info *l)
{
	if (!l->kernel.size || !IS_ALIGNED(l->kernel.size, PAGE_SIZE) || l->kernel.size > END_4G ||
	    l->kernel.gpa != END_4G - l->kernel.size)
		return "a firmware that does not end at 4 GiB";
	if (l->setup.size != PAGE_SIZE || IS_ALIGNED(l->setup.gpa, SIZE_2M))
		return "no page for the boot vCPU, or one at a 2 MiB boundary";
	return NULL;
}

static const char *firmware_objection(const struct launch_info *l)
{
	const char *why = image_objection(l);

	for (uint32_t i = 0; i < l->section_count && !why; i++)
		why = section_objection(l, i);
	if (why)
		return why;
	if (count(l, LAUNCH_SECTION_SECRETS) != 1 || count(l, LAUNCH_SECTION_CPUID) != 1 ||
	    count(l, LAUNCH_SECTION_CAA) != 1)
		return "no secrets, CPUID or calling area section, or two of them";
	return params_objection(l);
}

static bool is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= b[i];
	return !any;
}

const char *launch_sections_objection(const struct launch_info *l)
{
	if (l->section_count > LAUNCH_SECTIONS_MAX)
		return "too many sections";
	if (!is_zero(&l->sections[l->section_count],
		     (LAUNCH_SECTIONS_MAX - l->section_count) * sizeof(l->sections[0])))
		return "unused sections that are not zero";
	if (l->guest == LAUNCH_GUEST_FIRMWARE)
		return firmware_objection(l);
	if (l->section_count || !is_zero(&l->params, sizeof(l->params)))
		return "sections or parameters without firmware";
	return NULL;
}

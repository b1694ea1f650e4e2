/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The rules of parameter areas: declared, filled by the loader with parameters, then inserted as
 * pages. A file is hostile input; the state that these checks need is in the iterator, bounded by
 * IGVM_MAX_AREAS.
 */
#include "lib/igvm/igvm_rules.h"

static struct igvm_area_state *find_area(struct igvm_iter *it, uint32_t index)
{
	for (uint32_t i = 0; i < it->area_count; i++)
		if (it->areas[i].index == index)
			return &it->areas[i];
	return NULL;
}

enum igvm_error igvm_check_area(struct igvm_iter *it, const void *body)
{
	const struct igvm_parameter_area *a = body;

	if (find_area(it, a->index))
		return IGVM_ERR_AREA_TWICE;
	if (it->area_count == IGVM_MAX_AREAS)
		return IGVM_ERR_AREA_LIMIT;
	if (!a->size || !IS_ALIGNED(a->size, PAGE_SIZE) || a->size > IGVM_MAX_GPA)
		return IGVM_ERR_SIZE;
	if (a->file_offset && igvm_check_data(it, a->file_offset, a->size))
		return IGVM_ERR_DATA_RANGE;
	it->areas[it->area_count++] = (struct igvm_area_state){.index = a->index, .size = a->size};
	return IGVM_OK;
}

/* A parameter of `size` bytes must lie in an area that was declared and is not inserted yet. */
static enum igvm_error check_parameter_at(struct igvm_iter *it, const void *body, uint64_t size)
{
	const struct igvm_parameter *p = body;
	const struct igvm_area_state *a = find_area(it, p->index);

	if (!a)
		return IGVM_ERR_AREA_UNKNOWN;
	if (a->inserted)
		return IGVM_ERR_AREA_INSERTED;
	return p->offset <= a->size && size <= a->size - p->offset ? IGVM_OK : IGVM_ERR_AREA_OFFSET;
}

enum igvm_error igvm_check_u32(struct igvm_iter *it, const void *body)
{
	return check_parameter_at(it, body, sizeof(uint32_t));
}

/* The loader knows the size of a table and checks that it fits. Here it is known only that one
 * byte must. */
enum igvm_error igvm_check_table(struct igvm_iter *it, const void *body)
{
	return check_parameter_at(it, body, 1);
}

enum igvm_error igvm_check_insert(struct igvm_iter *it, const void *body)
{
	const struct igvm_parameter_insert *p = body;
	struct igvm_area_state *a = find_area(it, p->index);

	if (!a)
		return IGVM_ERR_AREA_UNKNOWN;
	if (a->inserted)
		return IGVM_ERR_AREA_INSERTED;
	a->inserted = true;
	return igvm_check_range(p->gpa, a->size, PAGE_SIZE);
}

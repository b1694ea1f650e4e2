/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The fixed header, the checksum, and the iterator over the variable headers. What a header of
 * each type must look like is in igvm_rules.c and igvm_area.c. A file is hostile input: nothing is
 * read before it is known to lie inside.
 */
#include "lib/igvm/igvm.h"
#include "lib/crc32.h"
#include "lib/igvm/igvm_rules.h"

/* ---- the fixed header ---- */

/* A version 1 header is shorter. The version is checked before. */
static uint32_t fixed_size(const struct igvm_fixed_header *h)
{
	return h->version == IGVM_VERSION_1 ? sizeof(struct igvm_fixed_header)
					    : sizeof(struct igvm_fixed_header_v2);
}

static enum igvm_error check_v2(const struct igvm_fixed_header_v2 *h)
{
	if (h->architecture != IGVM_ARCH_X64)
		return IGVM_ERR_ARCHITECTURE;
	return h->page_size == PAGE_SIZE ? IGVM_OK : IGVM_ERR_PAGE_SIZE;
}

/* Each size is compared before anything is subtracted from it, so no result wraps. */
enum igvm_error igvm_head_size(const void *data, size_t have, uint64_t file_size, uint32_t *head)
{
	const struct igvm_fixed_header *h = data;
	enum igvm_error e = IGVM_OK;

	if (have < sizeof(*h) || file_size < sizeof(*h))
		return IGVM_ERR_SHORT;
	if (h->magic != IGVM_MAGIC)
		return IGVM_ERR_MAGIC;
	if (h->version != IGVM_VERSION_1 && h->version != IGVM_VERSION_2)
		return IGVM_ERR_VERSION;
	if (have < fixed_size(h) || file_size < fixed_size(h))
		return IGVM_ERR_SHORT;
	if (h->version == IGVM_VERSION_2)
		e = check_v2(data);
	if (e)
		return e;
	if (h->total_size != file_size)
		return IGVM_ERR_FILE_SIZE;
	if (h->header_offset < fixed_size(h) || !IS_ALIGNED(h->header_offset, 8) ||
	    h->header_offset > h->total_size || h->header_size > h->total_size - h->header_offset)
		return IGVM_ERR_HEADER_RANGE;
	*head = h->header_offset + h->header_size;
	return IGVM_OK;
}

/* Over the fixed header, with the checksum itself as 0, and the variable header. */
static uint32_t checksum(const uint8_t *data, const struct igvm_fixed_header *h)
{
	const uint32_t zero = 0, at = offsetof(struct igvm_fixed_header, checksum);
	uint32_t crc = crc32_update(0, data, at);

	crc = crc32_update(crc, &zero, sizeof(zero));
	crc = crc32_update(crc, data + at + sizeof(zero), fixed_size(h) - at - sizeof(zero));
	return crc32_update(crc, data + h->header_offset, h->header_size);
}

enum igvm_error igvm_open(struct igvm_file *f, const void *data, size_t have, uint64_t file_size)
{
	const struct igvm_fixed_header *h = data;
	uint32_t head;
	enum igvm_error e = igvm_head_size(data, have, file_size, &head);

	if (e)
		return e;
	if (have < head)
		return IGVM_ERR_SHORT;
	if (checksum(data, h) != h->checksum)
		return IGVM_ERR_CHECKSUM;
	*f = (struct igvm_file){
		.base = data,
		.version = h->version,
		.header_start = h->header_offset,
		.data_start = head,
		.size = h->total_size,
	};
	return IGVM_OK;
}

/* ---- the iterator ---- */

/* Headers come in three sections, in this order: platforms, initialization, directives. The latter
 * two need a platform. */
static enum igvm_error enter_section(struct igvm_iter *it, uint32_t type)
{
	uint32_t section = type <= IGVM_RANGE_PLATFORM_LAST ? 0
			   : type <= IGVM_RANGE_INIT_LAST   ? 1
							    : 2;

	if (section < it->section)
		return IGVM_ERR_ORDER;
	if (section && !it->masks)
		return IGVM_ERR_NO_PLATFORM;
	it->section = section;
	return IGVM_OK;
}

static enum igvm_error check_header(struct igvm_iter *it, const struct igvm_rule *t,
				    struct igvm_header *h)
{
	enum igvm_error e;

	if (h->length != t->length)
		return IGVM_ERR_LENGTH;
	e = enter_section(it, h->type);
	if (e)
		return e;
	if (t->mask_at != IGVM_NO_MASK) {
		__builtin_memcpy(&h->mask, (const uint8_t *)h->body + t->mask_at, sizeof(h->mask));
		if (!h->mask)
			return IGVM_ERR_MASK; /* it would be for no platform at all */
	}
	return t->check ? t->check(it, h->body) : IGVM_OK;
}

/* Cuts one header out of the variable header. *next: the offset of the one after it. Padding must
 * be zero. */
static enum igvm_error cut(const struct igvm_iter *it, struct igvm_header *h, uint32_t *next)
{
	const struct igvm_variable_header *v = (const void *)(it->file->base + it->at);
	uint32_t left = it->file->data_start - it->at;

	if (left < sizeof(*v))
		return IGVM_ERR_TRUNCATED;
	left -= sizeof(*v);
	if (v->length > left || ALIGN_UP(v->length, 8) > left)
		return IGVM_ERR_TRUNCATED;
	*h = (struct igvm_header){
		.type = v->type, .length = v->length, .offset = it->at, .mask = ~0u, .body = v + 1};
	*next = it->at + sizeof(*v) + ALIGN_UP(v->length, 8);
	return igvm_all_zero((const uint8_t *)h->body + h->length,
			     ALIGN_UP(h->length, 8) - h->length)
		       ? IGVM_OK
		       : IGVM_ERR_PADDING;
}

void igvm_iter_init(struct igvm_iter *it, const struct igvm_file *f)
{
	*it = (struct igvm_iter){.file = f, .at = f->header_start};
}

/* Unknown headers are skipped when they are marked as optional, and are an error otherwise. */
enum igvm_error igvm_next(struct igvm_iter *it, struct igvm_header *h)
{
	while (it->at != it->file->data_start) {
		const struct igvm_rule *t;
		uint32_t next;
		enum igvm_error e = cut(it, h, &next);

		if (e)
			return e;
		t = igvm_rule_of(h->type & ~IGVM_OPTIONAL);
		if (!t && !(h->type & IGVM_OPTIONAL))
			return IGVM_ERR_UNKNOWN_TYPE;
		h->type &= ~IGVM_OPTIONAL;
		e = t ? check_header(it, t, h) : IGVM_OK;
		if (e)
			return e;
		it->at = next;
		if (t)
			return IGVM_OK;
	}
	return it->masks ? IGVM_END : IGVM_ERR_NO_PLATFORM;
}

/* ---- the file as a whole ---- */

enum igvm_error igvm_check(const struct igvm_file *f, uint32_t *offset)
{
	struct igvm_iter it;
	struct igvm_header h;
	enum igvm_error e;

	igvm_iter_init(&it, f);
	do
		e = igvm_next(&it, &h);
	while (!e);
	if (offset)
		*offset = it.at;
	return e == IGVM_END ? IGVM_OK : e;
}

uint32_t igvm_platform_mask(const struct igvm_file *f, enum igvm_platform_type type)
{
	struct igvm_iter it;
	struct igvm_header h;

	igvm_iter_init(&it, f);
	while (igvm_next(&it, &h) == IGVM_OK && h.type == IGVM_SUPPORTED_PLATFORM)
		;
	return type < IGVM_PLATFORM_COUNT ? it.type_mask[type] : 0;
}

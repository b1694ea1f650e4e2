/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * An ID block added to a file that is finished, whoever made it. More headers move the data, to
 * which headers refer by offset from the start of the file.
 */
#include <stddef.h>
#include <string.h>

#include "harness/igvm/id_block.h"
#include "lib/crc32.h"

/* Where a header of that type has the offset of its data; 0: it has none. */
static size_t offset_field(uint32_t type)
{
	switch (type & ~IGVM_OPTIONAL) {
	case IGVM_PAGE_DATA:
		return offsetof(struct igvm_page_data, file_offset);
	case IGVM_PARAMETER_AREA:
		return offsetof(struct igvm_parameter_area, file_offset);
	case IGVM_VP_CONTEXT:
		return offsetof(struct igvm_vp_context, file_offset);
	case IGVM_CORIM_DOCUMENT:
	case IGVM_CORIM_SIGNATURE:
		return offsetof(struct igvm_corim, file_offset);
	default:
		return 0;
	}
}

/* An offset of 0 refers to no data. */
static void move_data(uint8_t *field, uint32_t by)
{
	uint32_t v;

	memcpy(&v, field, sizeof(v));
	v += v ? by : 0;
	memcpy(field, &v, sizeof(v));
}

static size_t whole(const struct igvm_variable_header *h)
{
	return sizeof(*h) + ALIGN_UP((size_t)h->length, 8);
}

/* Its block for SEV-SNP, which the new one replaces. */
static bool is_replaced(const struct igvm_file *f, const uint8_t *at,
			const struct igvm_variable_header *h)
{
	struct igvm_snp_id_block b;

	if (h->type != IGVM_SNP_ID_BLOCK)
		return false;
	memcpy(&b, at + sizeof(*h), sizeof(b));
	return b.compatibility_mask & igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP);
}

/* All headers but a block that is replaced. */
static void copy_headers(const struct igvm_file *f, const struct blob *in, struct blob *out)
{
	struct igvm_variable_header h;

	for (size_t at = f->header_start; at < f->data_start; at += whole(&h)) {
		memcpy(&h, in->data + at, sizeof(h));
		if (!is_replaced(f, in->data + at, &h))
			memcpy(blob_grow(out, whole(&h)), in->data + at, whole(&h));
	}
}

static void add_block(const struct igvm_file *f, const struct igvm_snp_id_block *b,
		      struct blob *out)
{
	struct igvm_variable_header h = {.type = IGVM_SNP_ID_BLOCK, .length = sizeof(*b)};
	struct igvm_snp_id_block block = *b;
	uint8_t *to = blob_grow(out, whole(&h));

	block.compatibility_mask = igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP);
	memcpy(to, &h, sizeof(h));
	memcpy(to + sizeof(h), &block, sizeof(block));
}

static void move_all(struct blob *out, size_t first, size_t end, uint32_t by)
{
	struct igvm_variable_header h;

	for (size_t at = first; at < end; at += whole(&h)) {
		memcpy(&h, out->data + at, sizeof(h));
		if (offset_field(h.type))
			move_data(out->data + at + sizeof(h) + offset_field(h.type), by);
	}
}

static size_t fixed_size(const struct igvm_fixed_header *h)
{
	return h->version == IGVM_VERSION_1 ? sizeof(struct igvm_fixed_header)
					    : sizeof(struct igvm_fixed_header_v2);
}

/* The checksum is that of fixed and variable headers, itself taken as 0. */
static void finish(const struct igvm_file *f, size_t end, struct blob *out)
{
	struct igvm_fixed_header h;

	memcpy(&h, out->data, sizeof(h));
	h.header_size = (uint32_t)(end - f->header_start);
	h.total_size = (uint32_t)out->size;
	h.checksum = 0;
	memcpy(out->data, &h, sizeof(h));
	h.checksum = crc32_update(0, out->data, fixed_size(&h));
	h.checksum = crc32_update(h.checksum, out->data + f->header_start, h.header_size);
	memcpy(out->data, &h, sizeof(h));
}

bool id_block_insert(const struct igvm_file *f, const struct blob *in,
		     const struct igvm_snp_id_block *b, struct blob *out)
{
	size_t end;

	*out = (struct blob){0};
	if (in->size > UINT32_MAX - 2 * sizeof(*b))
		return igvm_fail("no room for an ID block: the file has 4 GiB");
	memcpy(blob_grow(out, f->header_start), in->data, f->header_start);
	copy_headers(f, in, out);
	add_block(f, b, out);
	end = out->size;
	move_all(out, f->header_start, end, (uint32_t)(end - f->data_start));
	memcpy(blob_grow(out, f->size - f->data_start), in->data + f->data_start,
	       f->size - f->data_start);
	finish(f, end, out);
	return true;
}

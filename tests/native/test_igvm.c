/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The IGVM parser: a good file, each malformed variant with its own error, a file cut at every
 * byte, and random damage. The format: the igvm_defs crate of Microsoft's igvm repository.
 *
 * sources: svsm/lib/igvm/igvm_read.c svsm/lib/igvm/igvm_area.c svsm/lib/igvm/igvm_rules.c
 * sources: svsm/lib/igvm/igvm_text.c svsm/lib/crc32.c
 */
#include "tests/native/check.h"
#include "lib/crc32.h"
#include "lib/igvm/igvm.h"

#include <stdlib.h>
#include <string.h>

/* ---- a file in the making ---- */

struct file {
	uint8_t bytes[0x8000];
	uint32_t head; /* bytes of fixed and variable header */
	uint32_t size;
};

#define DATA_AT   0x2000u /* where data lie in these files */
#define FILE_SIZE 0x5000u

static void start(struct file *f)
{
	memset(f, 0, sizeof(*f));
	f->head = sizeof(struct igvm_fixed_header);
	f->size = FILE_SIZE;
}

static void *add(struct file *f, uint32_t type, const void *body, uint32_t length)
{
	struct igvm_variable_header *h = (void *)(f->bytes + f->head);

	h->type = type;
	h->length = length;
	memcpy(h + 1, body, length);
	f->head += sizeof(*h) + ALIGN_UP(length, 8);
	return h + 1;
}

#define ADD(f, type, s, ...)                                                                       \
	({                                                                                         \
		struct s *added_ = add(f, type, &(struct s){__VA_ARGS__}, sizeof(struct s));       \
		added_;                                                                            \
	})

static struct igvm_fixed_header *fixed(struct file *f)
{
	return (void *)f->bytes;
}

static void seal(struct file *f)
{
	*fixed(f) = (struct igvm_fixed_header){
		.magic = IGVM_MAGIC,
		.version = IGVM_VERSION_1,
		.header_offset = sizeof(struct igvm_fixed_header),
		.header_size = f->head - (uint32_t)sizeof(struct igvm_fixed_header),
		.total_size = f->size,
	};
	fixed(f)->checksum = crc32_update(0, f->bytes, f->head);
}

static void reseal(struct file *f)
{
	fixed(f)->checksum = 0;
	fixed(f)->checksum = crc32_update(0, f->bytes, f->head);
}

static struct igvm_supported_platform *add_platform(struct file *f, uint32_t mask, uint8_t type)
{
	return ADD(f, IGVM_SUPPORTED_PLATFORM, igvm_supported_platform, .compatibility_mask = mask,
		   .platform_type = type, .platform_version = IGVM_PLATFORM_VERSION);
}

static struct igvm_page_data *add_page(struct file *f, uint64_t gpa, uint32_t offset)
{
	return ADD(f, IGVM_PAGE_DATA, igvm_page_data, .gpa = gpa, .compatibility_mask = 1,
		   .file_offset = offset);
}

static struct igvm_vp_context *add_context(struct file *f)
{
	return ADD(f, IGVM_VP_CONTEXT, igvm_vp_context, .gpa = IGVM_SNP_VMSA_GPA,
		   .compatibility_mask = 1, .file_offset = DATA_AT + 0x1000);
}

static void add_area(struct file *f, uint32_t index)
{
	ADD(f, IGVM_PARAMETER_AREA, igvm_parameter_area, .size = 0x1000, .index = index);
}

static void add_param(struct file *f, uint32_t type, uint32_t index, uint32_t offset)
{
	ADD(f, type, igvm_parameter, .index = index, .offset = offset);
}

static void add_insert(struct file *f, uint32_t index, uint64_t gpa)
{
	ADD(f, IGVM_PARAMETER_INSERT, igvm_parameter_insert, .gpa = gpa, .compatibility_mask = 1,
	    .index = index);
}

/* Platform and policy: what every file begins with. */
static void start_snp(struct file *f)
{
	start(f);
	add_platform(f, 1, IGVM_PLATFORM_SEV_SNP);
	ADD(f, IGVM_GUEST_POLICY, igvm_guest_policy, .policy = 0x30000, .compatibility_mask = 1);
}

static void good_file(struct file *f)
{
	start_snp(f);
	ADD(f, IGVM_REQUIRED_MEMORY, igvm_required_memory, .gpa = 0x2000000,
	    .compatibility_mask = 1, .size = 0x100000);
	add_page(f, 0x2000000, DATA_AT);
	add_page(f, 0x2001000, 0);
	add_page(f, 0x2002000, 0)->type = IGVM_PAGE_CPUID;
	add_page(f, 0x2003000, 0)->type = IGVM_PAGE_SECRETS;
	add_area(f, 7);
	add_param(f, IGVM_MEMORY_MAP, 7, 0);
	add_param(f, IGVM_VP_COUNT, 7, 0xffc);
	add_insert(f, 7, 0x2004000);
	ADD(f, IGVM_ERROR_RANGE, igvm_error_range, .gpa = 0x2006000, .compatibility_mask = 1,
	    .size = 0x1000);
	add_context(f);
	seal(f);
}

/* Opens and checks a copy of exactly its size, so that the sanitizer sees every byte too far. */
static enum igvm_error verdict_of(const uint8_t *bytes, uint32_t have, uint64_t size)
{
	uint8_t *copy = malloc(have ? have : 1);
	struct igvm_file f;
	enum igvm_error e;

	memcpy(copy, bytes, have);
	e = igvm_open(&f, copy, have, size);
	if (!e)
		e = igvm_check(&f, NULL);
	free(copy);
	return e;
}

static enum igvm_error verdict(const struct file *f)
{
	return verdict_of(f->bytes, f->head, f->size);
}

/* ---- good files ---- */

TEST(good_file_passes)
{
	struct file f;

	good_file(&f);
	CHECK_EQ(verdict(&f), IGVM_OK);
}

TEST(headers_come_in_order)
{
	static const uint32_t types[] = {
		IGVM_SUPPORTED_PLATFORM, IGVM_GUEST_POLICY,     IGVM_REQUIRED_MEMORY,
		IGVM_PAGE_DATA,          IGVM_PAGE_DATA,        IGVM_PAGE_DATA,
		IGVM_PAGE_DATA,          IGVM_PARAMETER_AREA,   IGVM_MEMORY_MAP,
		IGVM_VP_COUNT,           IGVM_PARAMETER_INSERT, IGVM_ERROR_RANGE,
		IGVM_VP_CONTEXT,
	};
	struct file bytes;
	struct igvm_file f;
	struct igvm_iter it;
	struct igvm_header h;

	good_file(&bytes);
	CHECK_EQ(igvm_open(&f, bytes.bytes, bytes.head, bytes.size), IGVM_OK);
	igvm_iter_init(&it, &f);
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		check_context("header %u", i);
		CHECK_EQ(igvm_next(&it, &h), IGVM_OK);
		CHECK_EQ(h.type, types[i]);
	}
	CHECK_EQ(igvm_next(&it, &h), IGVM_END);
	CHECK_EQ(igvm_next(&it, &h), IGVM_END);
	CHECK_EQ(igvm_platform_mask(&f, IGVM_PLATFORM_SEV_SNP), 1);
	CHECK_EQ(igvm_platform_mask(&f, IGVM_PLATFORM_TDX), 0);
}

TEST(bodies_and_masks)
{
	struct file bytes;
	struct igvm_file f;
	struct igvm_iter it;
	struct igvm_header h;

	start_snp(&bytes);
	add_page(&bytes, 0x5000, DATA_AT)->flags = IGVM_PAGE_UNMEASURED;
	seal(&bytes);
	CHECK_EQ(igvm_open(&f, bytes.bytes, bytes.head, bytes.size), IGVM_OK);
	igvm_iter_init(&it, &f);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (h.type == IGVM_PAGE_DATA) {
			const struct igvm_page_data *p = h.body;

			CHECK_EQ(h.mask, 1);
			CHECK_EQ(p->gpa, 0x5000);
			CHECK_EQ(p->file_offset, DATA_AT);
			CHECK_EQ(p->flags, IGVM_PAGE_UNMEASURED);
			CHECK_EQ(igvm_page_size(p), 0x1000);
		}
}

TEST(several_platforms)
{
	struct file f;

	start(&f);
	add_platform(&f, 1, IGVM_PLATFORM_SEV_SNP);
	add_platform(&f, 2, IGVM_PLATFORM_TDX);
	add_platform(&f, 4, IGVM_PLATFORM_NATIVE);
	ADD(&f, IGVM_GUEST_POLICY, igvm_guest_policy, .policy = 0x30000, .compatibility_mask = 1);
	ADD(&f, IGVM_GUEST_POLICY, igvm_guest_policy, .policy = 1, .compatibility_mask = 2);
	add_page(&f, 0x1000, DATA_AT)->compatibility_mask = 7;
	add_context(&f);
	add_context(&f)->compatibility_mask = 4;
	((struct igvm_vp_context *)(f.bytes + f.head - 24))->gpa = 0;
	seal(&f);
	CHECK_EQ(verdict(&f), IGVM_OK);
}

/* Loaders ask for their own bit (QEMU 11, backends/igvm.c). Those that nobody declared mean
 * nothing: neither that a header is for two kinds of platforms, nor that it came twice. */
TEST(masks_of_platforms_that_are_not_declared)
{
	struct file f;

	start(&f);
	add_platform(&f, 1, IGVM_PLATFORM_SEV_SNP);
	add_platform(&f, 4, IGVM_PLATFORM_NATIVE);
	ADD(&f, IGVM_GUEST_POLICY, igvm_guest_policy, .policy = 0x30000,
	    .compatibility_mask = 0x11);
	ADD(&f, IGVM_GUEST_POLICY, igvm_guest_policy, .policy = 1, .compatibility_mask = 0x16);
	ADD(&f, IGVM_CORIM_DOCUMENT, igvm_corim, 1, DATA_AT, 8, 0);
	ADD(&f, IGVM_CORIM_SIGNATURE, igvm_corim, 0x11, DATA_AT, 8, 0);
	add_page(&f, 0x1000, DATA_AT)->compatibility_mask = 0x17;
	add_page(&f, 0x2000, DATA_AT)->compatibility_mask = 0x10;
	ADD(&f, IGVM_SNP_ID_BLOCK, igvm_snp_id_block, .compatibility_mask = 0x11);
	add_context(&f)->compatibility_mask = 0x11;
	add_context(&f)->compatibility_mask = 0x14;
	((struct igvm_vp_context *)(f.bytes + f.head - 24))->gpa = 0;
	seal(&f);
	CHECK_EQ(verdict(&f), IGVM_OK);
}

TEST(unknown_headers)
{
	struct file f;
	const uint8_t body[5] = {1, 2, 3, 4, 5};

	start_snp(&f);
	add(&f, 0x3f0 | IGVM_OPTIONAL, body, sizeof(body));
	add(&f, 0x7777 | IGVM_OPTIONAL, body, 0);
	seal(&f);
	CHECK_EQ(verdict(&f), IGVM_OK);
	start_snp(&f);
	add(&f, 0x3f0, body, sizeof(body));
	seal(&f);
	CHECK_EQ(verdict(&f), IGVM_ERR_UNKNOWN_TYPE);
}

/* The optional bit lets a loader skip a type that it does not know; a known type is checked. */
TEST(optional_known_header_is_checked)
{
	struct file f;
	const struct igvm_page_data p = {.gpa = 1, .compatibility_mask = 1};

	start_snp(&f);
	add(&f, IGVM_PAGE_DATA | IGVM_OPTIONAL, &p, sizeof(p));
	seal(&f);
	CHECK_EQ(verdict(&f), IGVM_ERR_ALIGNMENT);
}

TEST(version_2)
{
	struct file f;
	struct igvm_fixed_header_v2 *h = (void *)f.bytes;

	good_file(&f);
	memmove(f.bytes + 32, f.bytes + 24, f.head - 24);
	f.head += 8;
	h->v1.version = IGVM_VERSION_2;
	h->v1.header_offset = 32;
	h->architecture = IGVM_ARCH_X64;
	h->page_size = 4096;
	reseal(&f);
	CHECK_EQ(verdict(&f), IGVM_OK);
	h->architecture = IGVM_ARCH_AARCH64;
	reseal(&f);
	CHECK_EQ(verdict(&f), IGVM_ERR_ARCHITECTURE);
	h->architecture = IGVM_ARCH_X64;
	h->page_size = 65536;
	reseal(&f);
	CHECK_EQ(verdict(&f), IGVM_ERR_PAGE_SIZE);
}

/* ---- the fixed header ---- */

#define FIXED_CASE(change, error)                                                                  \
	do {                                                                                       \
		good_file(&f);                                                                     \
		h->change;                                                                         \
		reseal(&f);                                                                        \
		check_context("%s", #change);                                                      \
		CHECK_EQ(verdict(&f), error);                                                      \
	} while (0)

TEST(fixed_header_rules)
{
	struct file f;
	struct igvm_fixed_header *h = (void *)f.bytes;

	FIXED_CASE(magic ^= 1, IGVM_ERR_MAGIC);
	FIXED_CASE(version = 0, IGVM_ERR_VERSION);
	FIXED_CASE(version = 3, IGVM_ERR_VERSION);
	FIXED_CASE(total_size += 1, IGVM_ERR_FILE_SIZE);
	FIXED_CASE(header_offset = 16, IGVM_ERR_HEADER_RANGE);
	FIXED_CASE(header_offset = 28, IGVM_ERR_HEADER_RANGE);
	FIXED_CASE(header_offset = 0xfffffff8, IGVM_ERR_HEADER_RANGE);
	FIXED_CASE(header_size = FILE_SIZE, IGVM_ERR_HEADER_RANGE);
	FIXED_CASE(header_size = 0xffffffff, IGVM_ERR_HEADER_RANGE);
	FIXED_CASE(header_size = FILE_SIZE - 24, IGVM_ERR_SHORT);
	good_file(&f);
	h->checksum ^= 0x80;
	CHECK_EQ(verdict(&f), IGVM_ERR_CHECKSUM);
	good_file(&f);
	f.bytes[f.head - 1] ^= 1;
	CHECK_EQ(verdict(&f), IGVM_ERR_CHECKSUM);
}

/* ---- one malformed variant a rule ---- */

struct variant {
	const char *name;
	enum igvm_error error;
	void (*build)(struct file *f);
};

#define VARIANT(name, ...)                                                                         \
	static void name(struct file *f)                                                           \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

VARIANT(no_headers, start(f);)
VARIANT(no_platform, start(f); add_page(f, 0x1000, 0);)
VARIANT(platform_mask_zero, start(f); add_platform(f, 0, IGVM_PLATFORM_SEV_SNP);)
VARIANT(platform_mask_two_bits, start(f); add_platform(f, 3, IGVM_PLATFORM_SEV_SNP);)
VARIANT(platform_mask_taken, start_snp(f); f->head -= 24; add_platform(f, 1, IGVM_PLATFORM_TDX);)
VARIANT(platform_type, start(f); add_platform(f, 1, 7);)
VARIANT(platform_twice, start(f); add_platform(f, 1, 2); add_platform(f, 2, 2);)
VARIANT(platform_version, start(f); add_platform(f, 1, 2)->platform_version = 2;)
VARIANT(platform_vtl, start(f); add_platform(f, 1, 2)->highest_vtl = 1;)
VARIANT(platform_boundary, start(f); add_platform(f, 1, 0)->shared_gpa_boundary = BIT(39);)
VARIANT(platform_late, start_snp(f); add_platform(f, 2, IGVM_PLATFORM_TDX);)
VARIANT(policy_late, start_snp(f); add_page(f, 0x1000, 0);
	ADD(f, IGVM_GUEST_POLICY, igvm_guest_policy, .compatibility_mask = 1);)
VARIANT(policy_twice, start_snp(f);
	ADD(f, IGVM_GUEST_POLICY, igvm_guest_policy, .compatibility_mask = 1);)
VARIANT(policy_reserved, start(f); add_platform(f, 1, 2);
	ADD(f, IGVM_GUEST_POLICY, igvm_guest_policy, .compatibility_mask = 1, .reserved = 1);)
VARIANT(mask_zero, start_snp(f); add_page(f, 0x1000, 0)->compatibility_mask = 0;)
VARIANT(length_short, start_snp(f); add(f, IGVM_PAGE_DATA, f->bytes, 16);)
VARIANT(length_long, start_snp(f); add(f, IGVM_PAGE_DATA, f->bytes, 32);)
VARIANT(length_huge, start_snp(f); add_page(f, 0x1000, 0);
	((uint32_t *)(f->bytes + f->head - 32))[1] = 0xfffffff9;)
VARIANT(length_past_end, start_snp(f); add_page(f, 0x1000, 0); f->head -= 8;)
VARIANT(half_a_header, start_snp(f); f->head += 4;)
VARIANT(padding, start_snp(f); add_context(f); f->bytes[f->head - 1] = 1;)
VARIANT(page_alignment, start_snp(f); add_page(f, 0x1800, 0);)
VARIANT(page_2m_alignment, start_snp(f); add_page(f, 0x1000, 0)->flags = IGVM_PAGE_2M;)
VARIANT(page_address, start_snp(f); add_page(f, BIT(52), 0);)
VARIANT(page_address_wraps, start_snp(f); add_page(f, ~0ull << 12, 0);)
VARIANT(page_flags, start_snp(f); add_page(f, 0x1000, 0)->flags = 8;)
VARIANT(page_type, start_snp(f); add_page(f, 0x1000, 0)->type = 4;)
VARIANT(page_reserved, start_snp(f); add_page(f, 0x1000, 0)->reserved = 1;)
VARIANT(page_data_in_headers, start_snp(f); add_page(f, 0x1000, 24);)
VARIANT(page_data_past_end, start_snp(f); add_page(f, 0x1000, FILE_SIZE - 0xfff);)
VARIANT(page_data_outside, start_snp(f); add_page(f, 0x1000, 0xfffff000);)
VARIANT(page_data_2m, start_snp(f); add_page(f, 0x200000, DATA_AT)->flags = IGVM_PAGE_2M;)
VARIANT(area_size_zero, start_snp(f); ADD(f, IGVM_PARAMETER_AREA, igvm_parameter_area, .index = 1);)
VARIANT(area_size, start_snp(f);
	ADD(f, IGVM_PARAMETER_AREA, igvm_parameter_area, .size = 0x1001, .index = 1);)
VARIANT(area_data, start_snp(f); ADD(f, IGVM_PARAMETER_AREA, igvm_parameter_area, .size = 0x4000,
				     .index = 1, .file_offset = DATA_AT);)
VARIANT(area_twice, start_snp(f); add_area(f, 1); add_area(f, 1);)
VARIANT(area_limit, start_snp(f); for (uint32_t i = 0; i <= IGVM_MAX_AREAS; i++) add_area(f, i);)
VARIANT(param_unknown_area, start_snp(f); add_area(f, 1); add_param(f, IGVM_MADT, 2, 0);)
VARIANT(param_inserted_area, start_snp(f); add_area(f, 1); add_insert(f, 1, 0x1000);
	add_param(f, IGVM_MADT, 1, 0);)
VARIANT(param_offset, start_snp(f); add_area(f, 1); add_param(f, IGVM_MADT, 1, 0x1000);)
VARIANT(param_u32_offset, start_snp(f); add_area(f, 1); add_param(f, IGVM_VP_COUNT, 1, 0xffd);)
VARIANT(param_offset_wraps, start_snp(f); add_area(f, 1);
	add_param(f, IGVM_ENVIRONMENT_INFO, 1, 0xfffffffe);)
VARIANT(insert_unknown, start_snp(f); add_insert(f, 1, 0x1000);)
VARIANT(insert_twice, start_snp(f); add_area(f, 1); add_insert(f, 1, 0x1000);
	add_insert(f, 1, 0x2000);)
VARIANT(insert_alignment, start_snp(f); add_area(f, 1); add_insert(f, 1, 0x1004);)
VARIANT(context_twice, start_snp(f); add_context(f); add_context(f)->vp_index = 1;)
VARIANT(context_reserved, start_snp(f); add_context(f)->reserved = 1;)
VARIANT(context_alignment, start_snp(f); add_context(f)->gpa = 0x1001;)
VARIANT(context_without_data, start_snp(f); add_context(f)->file_offset = 0;)
VARIANT(context_data, start_snp(f); add_context(f)->file_offset = FILE_SIZE - 1;)
VARIANT(context_tdx, start(f); add_platform(f, 1, IGVM_PLATFORM_TDX); add_context(f);)
VARIANT(context_native_gpa, start(f); add_platform(f, 1, IGVM_PLATFORM_NATIVE); add_context(f);)
VARIANT(context_two_kinds, start(f); add_platform(f, 1, 2); add_platform(f, 2, 0);
	add_context(f)->compatibility_mask = 3;)
VARIANT(required_alignment, start_snp(f); ADD(f, IGVM_REQUIRED_MEMORY, igvm_required_memory,
					      .gpa = 1, .compatibility_mask = 1, .size = 0x1000);)
VARIANT(required_size, start_snp(f);
	ADD(f, IGVM_REQUIRED_MEMORY, igvm_required_memory, .compatibility_mask = 1, .size = 0x10);)
VARIANT(required_flags, start_snp(f); ADD(f, IGVM_REQUIRED_MEMORY, igvm_required_memory,
					  .compatibility_mask = 1, .size = 0x1000, .flags = 2);)
VARIANT(error_range_size, start_snp(f);
	ADD(f, IGVM_ERROR_RANGE, igvm_error_range, .compatibility_mask = 1, .size = 8);)
VARIANT(id_block_key, start_snp(f); ADD(f, IGVM_SNP_ID_BLOCK, igvm_snp_id_block,
					.compatibility_mask = 1, .author_key_enabled = 2);)
VARIANT(id_block_author, start_snp(f); ADD(f, IGVM_SNP_ID_BLOCK, igvm_snp_id_block,
					   .compatibility_mask = 1, .author_public_key = {1});)
VARIANT(id_block_platform, start(f); add_platform(f, 1, IGVM_PLATFORM_TDX);
	ADD(f, IGVM_SNP_ID_BLOCK, igvm_snp_id_block, .compatibility_mask = 1);)
VARIANT(relocation_alignment, start_snp(f); ADD(f, IGVM_RELOCATABLE_REGION, igvm_relocatable_region,
						.compatibility_mask = 1, .alignment = 0);)
VARIANT(page_table_used, start_snp(f);
	ADD(f, IGVM_PAGE_TABLE_RELOCATION, igvm_page_table_relocation, .compatibility_mask = 1,
	    .size = 0x1000, .used_size = 0x2000);)
VARIANT(corim_signature_first, start_snp(f);
	ADD(f, IGVM_CORIM_SIGNATURE, igvm_corim, .compatibility_mask = 1, .file_offset = DATA_AT,
	    .size = 8);)

#define V(name, error)                                                                             \
	{                                                                                          \
#name, IGVM_ERR_##error, name                                                      \
	}

static const struct variant variants[] = {
	V(no_headers, NO_PLATFORM),
	V(no_platform, NO_PLATFORM),
	V(platform_mask_zero, PLATFORM_MASK),
	V(platform_mask_two_bits, PLATFORM_MASK),
	V(platform_mask_taken, PLATFORM_MASK),
	V(platform_type, PLATFORM_TYPE),
	V(platform_twice, PLATFORM_TWICE),
	V(platform_version, PLATFORM_VERSION),
	V(platform_vtl, VTL),
	V(platform_boundary, SHARED_BOUNDARY),
	V(platform_late, ORDER),
	V(policy_late, ORDER),
	V(policy_twice, TWICE),
	V(policy_reserved, RESERVED),
	V(mask_zero, MASK),
	V(length_short, LENGTH),
	V(length_long, LENGTH),
	V(length_huge, TRUNCATED),
	V(length_past_end, TRUNCATED),
	V(half_a_header, TRUNCATED),
	V(padding, PADDING),
	V(page_alignment, ALIGNMENT),
	V(page_2m_alignment, ALIGNMENT),
	V(page_address, ADDRESS),
	V(page_address_wraps, ADDRESS),
	V(page_flags, PAGE_FLAGS),
	V(page_type, PAGE_TYPE),
	V(page_reserved, RESERVED),
	V(page_data_in_headers, DATA_RANGE),
	V(page_data_past_end, DATA_RANGE),
	V(page_data_outside, DATA_RANGE),
	V(page_data_2m, DATA_RANGE),
	V(area_size_zero, SIZE),
	V(area_size, SIZE),
	V(area_data, DATA_RANGE),
	V(area_twice, AREA_TWICE),
	V(area_limit, AREA_LIMIT),
	V(param_unknown_area, AREA_UNKNOWN),
	V(param_inserted_area, AREA_INSERTED),
	V(param_offset, AREA_OFFSET),
	V(param_u32_offset, AREA_OFFSET),
	V(param_offset_wraps, AREA_OFFSET),
	V(insert_unknown, AREA_UNKNOWN),
	V(insert_twice, AREA_INSERTED),
	V(insert_alignment, ALIGNMENT),
	V(context_twice, CONTEXT_TWICE),
	V(context_reserved, RESERVED),
	V(context_alignment, ALIGNMENT),
	V(context_without_data, DATA_RANGE),
	V(context_data, DATA_RANGE),
	V(context_tdx, CONTEXT_PLATFORM),
	V(context_native_gpa, ADDRESS),
	V(context_two_kinds, CONTEXT_PLATFORM),
	V(required_alignment, ALIGNMENT),
	V(required_size, SIZE),
	V(required_flags, RESERVED),
	V(error_range_size, SIZE),
	V(id_block_key, ID_BLOCK),
	V(id_block_author, ID_BLOCK),
	V(id_block_platform, ID_BLOCK),
	V(relocation_alignment, ALIGNMENT),
	V(page_table_used, SIZE),
	V(corim_signature_first, ORDER),
};

TEST(malformed_variants)
{
	struct file f;

	for (unsigned i = 0; i < ARRAY_LEN(variants); i++) {
		variants[i].build(&f);
		seal(&f);
		check_context("%s", variants[i].name);
		CHECK_EQ(verdict(&f), variants[i].error);
	}
}

/* ---- damage ---- */

TEST(cut_at_every_byte)
{
	struct file f;

	good_file(&f);
	for (uint32_t n = 0; n < f.size; n++) {
		check_context("cut to %u bytes", n);
		CHECK(verdict_of(f.bytes, n, n) != IGVM_OK);
		/* the same with a header that knows of it: never a read too far, whatever the
		 * verdict */
		fixed(&f)->total_size = n;
		reseal(&f);
		verdict_of(f.bytes, n, n);
		good_file(&f);
	}
}

TEST(caller_gives_too_little)
{
	struct file f;

	good_file(&f);
	for (uint32_t n = 0; n < f.head; n++)
		CHECK_EQ(verdict_of(f.bytes, n, f.size), IGVM_ERR_SHORT);
	CHECK_EQ(verdict_of(f.bytes, f.head, f.size), IGVM_OK);
}

/* Random bytes changed, checksum made right again: any verdict, but no crash and no endless loop.
 */
TEST(random_damage)
{
	uint32_t seed = 0x1bad5eed;
	unsigned refused = 0;
	struct file f;

	for (unsigned round = 0; round < 20000; round++) {
		unsigned changes = 1 + check_random(&seed) % 4;

		good_file(&f);
		while (changes--)
			f.bytes[check_random(&seed) % f.head] = (uint8_t)check_random(&seed);
		if (fixed(&f)->header_offset <= f.size &&
		    fixed(&f)->header_size <= f.size - fixed(&f)->header_offset) {
			fixed(&f)->checksum = 0;
			fixed(&f)->checksum = crc32_update(0, f.bytes, f.head);
		}
		refused += verdict_of(f.bytes, f.size, f.size) != IGVM_OK;
	}
	CHECK(refused > 10000);
}

TEST(texts_for_all_errors)
{
	for (int e = 0; e < IGVM_ERR_COUNT; e++) {
		check_context("error %d", e);
		CHECK(strlen(igvm_error_text((enum igvm_error)e)) > 5);
	}
	CHECK_STR(igvm_error_text((enum igvm_error)1000), "unknown error");
	CHECK_STR(igvm_type_name(IGVM_PAGE_DATA), "page data");
	CHECK_STR(igvm_type_name(0x399), "unknown");
	CHECK_STR(igvm_platform_name(2), "SEV-SNP");
	CHECK_STR(igvm_platform_name(99), "unknown");
}

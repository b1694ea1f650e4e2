/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "lib/igvm.h"
#include "lib/crc32.h"

/* ---- the fixed header ---- */

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

/* ---- helpers of the checks below ---- */

static enum igvm_error check_mask(const struct igvm_iter *it, uint32_t mask)
{
	return mask && !(mask & ~it->masks) ? IGVM_OK : IGVM_ERR_MASK;
}

static enum igvm_error check_data(const struct igvm_iter *it, uint32_t offset, uint64_t size)
{
	if (offset < it->file->data_start || offset > it->file->size ||
	    size > it->file->size - offset)
		return IGVM_ERR_DATA_RANGE;
	return IGVM_OK;
}

static enum igvm_error check_range(uint64_t gpa, uint64_t size, uint64_t align)
{
	if (!IS_ALIGNED(gpa, align))
		return IGVM_ERR_ALIGNMENT;
	if (!IS_ALIGNED(size, PAGE_SIZE))
		return IGVM_ERR_SIZE;
	return gpa < IGVM_MAX_GPA && size <= IGVM_MAX_GPA - gpa ? IGVM_OK : IGVM_ERR_ADDRESS;
}

static struct igvm_area_state *find_area(struct igvm_iter *it, uint32_t index)
{
	for (uint32_t i = 0; i < it->area_count; i++)
		if (it->areas[i].index == index)
			return &it->areas[i];
	return NULL;
}

/* Remembers that these platforms have had a header which each may have once. */
static enum igvm_error once(uint32_t *seen, uint32_t mask, enum igvm_error twice)
{
	if (*seen & mask)
		return twice;
	*seen |= mask;
	return IGVM_OK;
}

/* ---- one check a header type ---- */

static enum igvm_error check_platform(struct igvm_iter *it, const void *body)
{
	const struct igvm_supported_platform *p = body;
	uint32_t mask = p->compatibility_mask;

	if (!mask || (mask & (mask - 1)) || (mask & it->masks))
		return IGVM_ERR_PLATFORM_MASK;
	if (p->platform_type >= IGVM_PLATFORM_COUNT || p->platform_type == IGVM_PLATFORM_CCA)
		return IGVM_ERR_PLATFORM_TYPE; /* CCA is AArch64's, and this reads x86 files */
	if (it->type_mask[p->platform_type])
		return IGVM_ERR_PLATFORM_TWICE;
	if (p->platform_version != IGVM_PLATFORM_VERSION)
		return IGVM_ERR_PLATFORM_VERSION;
	if (p->highest_vtl != 0 && p->highest_vtl != 2)
		return IGVM_ERR_VTL;
	if (p->shared_gpa_boundary && p->platform_type <= IGVM_PLATFORM_VSM)
		return IGVM_ERR_SHARED_BOUNDARY;
	it->type_mask[p->platform_type] = mask;
	it->masks |= mask;
	return IGVM_OK;
}

static enum igvm_error check_policy(struct igvm_iter *it, const void *body)
{
	const struct igvm_guest_policy *p = body;

	if (p->reserved)
		return IGVM_ERR_RESERVED;
	return once(&it->policy_masks, p->compatibility_mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_relocatable(struct igvm_iter *it, const void *body)
{
	const struct igvm_relocatable_region *r = body;

	(void)it;
	if (!r->alignment || !IS_ALIGNED(r->alignment, PAGE_SIZE) || r->gpa % r->alignment ||
	    r->minimum_gpa % r->alignment || r->maximum_gpa % r->alignment)
		return IGVM_ERR_ALIGNMENT;
	return check_range(r->gpa, r->size, PAGE_SIZE);
}

static enum igvm_error check_page_table(struct igvm_iter *it, const void *body)
{
	const struct igvm_page_table_relocation *r = body;

	if (r->reserved)
		return IGVM_ERR_RESERVED;
	if (!IS_ALIGNED(r->used_size, PAGE_SIZE) || r->used_size > r->size)
		return IGVM_ERR_SIZE;
	if (check_range(r->gpa, r->size, PAGE_SIZE))
		return check_range(r->gpa, r->size, PAGE_SIZE);
	return once(&it->page_table_masks, r->compatibility_mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_corim(struct igvm_iter *it, const struct igvm_corim *c)
{
	return c->reserved ? IGVM_ERR_RESERVED : check_data(it, c->file_offset, c->size);
}

static enum igvm_error check_corim_document(struct igvm_iter *it, const void *body)
{
	const struct igvm_corim *c = body;
	enum igvm_error e = check_corim(it, c);

	return e ? e : once(&it->corim_masks, c->compatibility_mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_corim_signature(struct igvm_iter *it, const void *body)
{
	const struct igvm_corim *c = body;
	enum igvm_error e = check_corim(it, c);

	if (e)
		return e;
	if (c->compatibility_mask & ~it->corim_masks)
		return IGVM_ERR_ORDER; /* the document it signs must stand before it */
	return once(&it->corim_signature_masks, c->compatibility_mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_cca(struct igvm_iter *it, const void *body)
{
	(void)it, (void)body;
	return IGVM_ERR_ARCHITECTURE;
}

static enum igvm_error check_area(struct igvm_iter *it, const void *body)
{
	const struct igvm_parameter_area *a = body;

	if (find_area(it, a->index))
		return IGVM_ERR_AREA_TWICE;
	if (it->area_count == IGVM_MAX_AREAS)
		return IGVM_ERR_AREA_LIMIT;
	if (!a->size || !IS_ALIGNED(a->size, PAGE_SIZE) || a->size > IGVM_MAX_GPA)
		return IGVM_ERR_SIZE;
	if (a->file_offset && check_data(it, a->file_offset, a->size))
		return IGVM_ERR_DATA_RANGE;
	it->areas[it->area_count++] = (struct igvm_area_state){.index = a->index, .size = a->size};
	return IGVM_OK;
}

static enum igvm_error check_page(struct igvm_iter *it, const void *body)
{
	const struct igvm_page_data *p = body;
	uint64_t size = igvm_page_size(p);

	if (p->reserved)
		return IGVM_ERR_RESERVED;
	if (p->flags & ~IGVM_PAGE_FLAGS)
		return IGVM_ERR_PAGE_FLAGS;
	if (p->type >= IGVM_PAGE_TYPES)
		return IGVM_ERR_PAGE_TYPE;
	if (p->file_offset && check_data(it, p->file_offset, size))
		return IGVM_ERR_DATA_RANGE;
	return check_range(p->gpa, size, size);
}

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

static enum igvm_error check_u32(struct igvm_iter *it, const void *body)
{
	return check_parameter_at(it, body, sizeof(uint32_t));
}

/* Tables whose size only the loader knows: it checks that they fit. */
static enum igvm_error check_table(struct igvm_iter *it, const void *body)
{
	return check_parameter_at(it, body, 1);
}

static enum igvm_error check_insert(struct igvm_iter *it, const void *body)
{
	const struct igvm_parameter_insert *p = body;
	struct igvm_area_state *a = find_area(it, p->index);

	if (!a)
		return IGVM_ERR_AREA_UNKNOWN;
	if (a->inserted)
		return IGVM_ERR_AREA_INSERTED;
	a->inserted = true;
	return check_range(p->gpa, a->size, PAGE_SIZE);
}

static enum igvm_error check_context(struct igvm_iter *it, const void *body)
{
	const struct igvm_vp_context *c = body;
	const uint32_t *m = it->type_mask;
	uint32_t vmsa = m[IGVM_PLATFORM_SEV_SNP] | m[IGVM_PLATFORM_SEV_ES];
	uint32_t mask = c->compatibility_mask;

	if (c->reserved)
		return IGVM_ERR_RESERVED;
	/* TDX starts from reset; and what the data are must not depend on the platform chosen. */
	if ((mask & m[IGVM_PLATFORM_TDX]) || ((mask & vmsa) && (mask & ~vmsa)))
		return IGVM_ERR_CONTEXT_PLATFORM;
	if (!IS_ALIGNED(c->gpa, PAGE_SIZE))
		return IGVM_ERR_ALIGNMENT;
	if (c->gpa >= IGVM_MAX_GPA || (c->gpa && !(mask & vmsa)))
		return IGVM_ERR_ADDRESS;
	if (check_data(it, c->file_offset, mask & m[IGVM_PLATFORM_VSM] ? 4 : PAGE_SIZE))
		return IGVM_ERR_DATA_RANGE;
	return once(&it->context_masks, mask, IGVM_ERR_CONTEXT_TWICE);
}

static enum igvm_error check_required(struct igvm_iter *it, const void *body)
{
	const struct igvm_required_memory *r = body;

	(void)it;
	if (r->reserved || (r->flags & ~1u))
		return IGVM_ERR_RESERVED;
	return check_range(r->gpa, r->size, PAGE_SIZE);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static enum igvm_error check_id_block(struct igvm_iter *it, const void *body)
{
	const struct igvm_snp_id_block *b = body;
	size_t author = offsetof(struct igvm_snp_id_block, author_key_signature);

	if (!all_zero(b->reserved, sizeof(b->reserved)))
		return IGVM_ERR_RESERVED;
	if (b->author_key_enabled > 1 ||
	    (b->compatibility_mask & ~it->type_mask[IGVM_PLATFORM_SEV_SNP]))
		return IGVM_ERR_ID_BLOCK;
	if (!b->author_key_enabled && (b->author_key_algorithm ||
				       !all_zero((const uint8_t *)b + author, sizeof(*b) - author)))
		return IGVM_ERR_ID_BLOCK;
	return once(&it->id_masks, b->compatibility_mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_error_range(struct igvm_iter *it, const void *body)
{
	const struct igvm_error_range *r = body;

	(void)it;
	return check_range(r->gpa, r->size, PAGE_SIZE);
}

/* ---- the table of types ---- */

#define NO_MASK 0xff

struct type {
	uint16_t type;
	uint16_t length;
	uint8_t mask_at; /* offset of the compatibility mask in the body, or NO_MASK */
	enum igvm_error (*check)(struct igvm_iter *it, const void *body); /* may be NULL */
	const char *name;
};

#define MASK_AT(s) offsetof(struct s, compatibility_mask)
#define TYPE(t, s, fn, text)                                                                       \
	{                                                                                          \
		t, sizeof(struct s), MASK_AT(s), fn, text                                          \
	}
#define PARAM(t, fn, text)                                                                         \
	{                                                                                          \
		t, sizeof(struct igvm_parameter), NO_MASK, fn, text                                \
	}

/* The policy and, for the most part, the page data come first: they are looked up most. */
static const struct type types[] = {
	TYPE(IGVM_PAGE_DATA, igvm_page_data, check_page, "page data"),
	{IGVM_SUPPORTED_PLATFORM, sizeof(struct igvm_supported_platform), NO_MASK, check_platform,
	 "supported platform"},
	TYPE(IGVM_GUEST_POLICY, igvm_guest_policy, check_policy, "guest policy"),
	TYPE(IGVM_RELOCATABLE_REGION, igvm_relocatable_region, check_relocatable,
	     "relocatable region"),
	TYPE(IGVM_PAGE_TABLE_RELOCATION, igvm_page_table_relocation, check_page_table,
	     "page table relocation"),
	TYPE(IGVM_CORIM_DOCUMENT, igvm_corim, check_corim_document, "CoRIM document"),
	TYPE(IGVM_CORIM_SIGNATURE, igvm_corim, check_corim_signature, "CoRIM signature"),
	{IGVM_CCA_POLICY, IGVM_CCA_POLICY_SIZE, 0, check_cca, "CCA policy"},
	{IGVM_PARAMETER_AREA, sizeof(struct igvm_parameter_area), NO_MASK, check_area,
	 "parameter area"},
	TYPE(IGVM_PARAMETER_INSERT, igvm_parameter_insert, check_insert, "parameter insert"),
	TYPE(IGVM_VP_CONTEXT, igvm_vp_context, check_context, "VP context"),
	TYPE(IGVM_REQUIRED_MEMORY, igvm_required_memory, check_required, "required memory"),
	PARAM(IGVM_VP_COUNT, check_u32, "VP count"),
	PARAM(IGVM_SRAT, check_table, "SRAT"),
	PARAM(IGVM_MADT, check_table, "MADT"),
	PARAM(IGVM_MMIO_RANGES, check_table, "MMIO ranges"),
	TYPE(IGVM_SNP_ID_BLOCK, igvm_snp_id_block, check_id_block, "SNP ID block"),
	PARAM(IGVM_MEMORY_MAP, check_table, "memory map"),
	TYPE(IGVM_ERROR_RANGE, igvm_error_range, check_error_range, "error range"),
	PARAM(IGVM_COMMAND_LINE, check_table, "command line"),
	PARAM(IGVM_SLIT, check_table, "SLIT"),
	PARAM(IGVM_PPTT, check_table, "PPTT"),
	{IGVM_VBS_MEASUREMENT, IGVM_VBS_MEASUREMENT_SIZE, 0, NULL, "VBS measurement"},
	PARAM(IGVM_DEVICE_TREE, check_table, "device tree"),
	PARAM(IGVM_ENVIRONMENT_INFO, check_u32, "environment info"),
};

static const struct type *find_type(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

/* ---- the iterator ---- */

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

static enum igvm_error check_header(struct igvm_iter *it, const struct type *t,
				    struct igvm_header *h)
{
	enum igvm_error e;

	if (h->length != t->length)
		return IGVM_ERR_LENGTH;
	e = enter_section(it, h->type);
	if (e)
		return e;
	if (t->mask_at != NO_MASK) {
		__builtin_memcpy(&h->mask, (const uint8_t *)h->body + t->mask_at, sizeof(h->mask));
		e = check_mask(it, h->mask);
		if (e)
			return e;
	}
	return t->check ? t->check(it, h->body) : IGVM_OK;
}

/* Cuts one header out of the variable header. *next: where the one after it starts. */
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
	return all_zero((const uint8_t *)h->body + h->length, ALIGN_UP(h->length, 8) - h->length)
		       ? IGVM_OK
		       : IGVM_ERR_PADDING;
}

void igvm_iter_init(struct igvm_iter *it, const struct igvm_file *f)
{
	*it = (struct igvm_iter){.file = f, .at = f->header_start};
}

enum igvm_error igvm_next(struct igvm_iter *it, struct igvm_header *h)
{
	while (it->at != it->file->data_start) {
		const struct type *t;
		uint32_t next;
		enum igvm_error e = cut(it, h, &next);

		if (e)
			return e;
		t = find_type(h->type & ~IGVM_OPTIONAL);
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

const char *igvm_type_name(uint32_t type)
{
	const struct type *t = find_type(type & ~IGVM_OPTIONAL);

	return t ? t->name : "unknown";
}

const char *igvm_platform_name(uint32_t platform)
{
	static const char *const names[IGVM_PLATFORM_COUNT] = {
		"native", "VSM", "SEV-SNP", "TDX", "SEV", "SEV-ES", "CCA",
	};

	return platform < IGVM_PLATFORM_COUNT ? names[platform] : "unknown";
}

static const char *const error_text[IGVM_ERR_COUNT] = {
	[IGVM_OK] = "no error",
	[IGVM_END] = "end of the headers",
	[IGVM_ERR_SHORT] = "the file ends inside its headers",
	[IGVM_ERR_MAGIC] = "this is no IGVM file (wrong magic)",
	[IGVM_ERR_VERSION] = "a format version that is neither 1 nor 2",
	[IGVM_ERR_ARCHITECTURE] = "made for another architecture than x86-64",
	[IGVM_ERR_PAGE_SIZE] = "a page size other than 4096",
	[IGVM_ERR_FILE_SIZE] = "the size in the header is not the file's (truncated?)",
	[IGVM_ERR_HEADER_RANGE] = "the variable header is misplaced or leaves the file",
	[IGVM_ERR_CHECKSUM] = "wrong checksum of the headers",
	[IGVM_ERR_TRUNCATED] = "a header leaves the variable header section",
	[IGVM_ERR_PADDING] = "padding that is not zero",
	[IGVM_ERR_UNKNOWN_TYPE] = "a header of unknown type that may not be skipped",
	[IGVM_ERR_LENGTH] = "wrong length for the header's type",
	[IGVM_ERR_ORDER] = "a header that comes too late",
	[IGVM_ERR_RESERVED] = "a reserved field that is not zero",
	[IGVM_ERR_NO_PLATFORM] = "no supported platform is declared",
	[IGVM_ERR_PLATFORM_MASK] = "a platform's mask is not one bit of its own",
	[IGVM_ERR_PLATFORM_TYPE] = "a platform type that does not exist here",
	[IGVM_ERR_PLATFORM_TWICE] = "a platform that is declared twice",
	[IGVM_ERR_PLATFORM_VERSION] = "a platform version other than 1",
	[IGVM_ERR_VTL] = "a highest VTL that is neither 0 nor 2",
	[IGVM_ERR_SHARED_BOUNDARY] = "a shared boundary on a platform that has none",
	[IGVM_ERR_MASK] = "a compatibility mask that names no declared platform",
	[IGVM_ERR_ALIGNMENT] = "an address that is not aligned",
	[IGVM_ERR_ADDRESS] = "an address that is out of range",
	[IGVM_ERR_SIZE] = "a size that is not a number of pages",
	[IGVM_ERR_DATA_RANGE] = "data outside the file's data section (truncated?)",
	[IGVM_ERR_PAGE_TYPE] = "an unknown type of page data",
	[IGVM_ERR_PAGE_FLAGS] = "unknown flags of page data",
	[IGVM_ERR_AREA_TWICE] = "a parameter area that is declared twice",
	[IGVM_ERR_AREA_UNKNOWN] = "a parameter area that is not declared",
	[IGVM_ERR_AREA_INSERTED] = "a parameter area that is inserted already",
	[IGVM_ERR_AREA_LIMIT] = "too many parameter areas",
	[IGVM_ERR_AREA_OFFSET] = "a parameter outside its area",
	[IGVM_ERR_CONTEXT_PLATFORM] = "a VP context that its platforms cannot take",
	[IGVM_ERR_CONTEXT_TWICE] = "a second VP context for the same platform",
	[IGVM_ERR_ID_BLOCK] = "an inconsistent SNP ID block",
	[IGVM_ERR_TWICE] = "a header that a platform may have once only",
};

const char *igvm_error_text(enum igvm_error e)
{
	return (unsigned)e < IGVM_ERR_COUNT ? error_text[e] : "unknown error";
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The rules for each type of header but parameters (igvm_area.c), and the table of all types. Each
 * check gets a header whose length is right and whose compatibility mask is known to be valid.
 */
#include "lib/igvm/igvm_rules.h"

/* ---- helpers ---- */

enum igvm_error igvm_check_data(const struct igvm_iter *it, uint32_t offset, uint64_t size)
{
	if (offset < it->file->data_start || offset > it->file->size ||
	    size > it->file->size - offset)
		return IGVM_ERR_DATA_RANGE;
	return IGVM_OK;
}

enum igvm_error igvm_check_range(uint64_t gpa, uint64_t size, uint64_t align)
{
	if (!IS_ALIGNED(gpa, align))
		return IGVM_ERR_ALIGNMENT;
	if (!IS_ALIGNED(size, PAGE_SIZE))
		return IGVM_ERR_SIZE;
	return gpa < IGVM_MAX_GPA && size <= IGVM_MAX_GPA - gpa ? IGVM_OK : IGVM_ERR_ADDRESS;
}

bool igvm_all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

/* Of a header's mask the bits that mean something: a builder may name platforms that it knows and
 * that the file does not declare. */
static uint32_t declared(const struct igvm_iter *it, uint32_t mask)
{
	return mask & it->masks;
}

/* Notes that these platforms have had a header that each may have only once. mask: declared(). */
static enum igvm_error once(uint32_t *seen, uint32_t mask, enum igvm_error twice)
{
	if (*seen & mask)
		return twice;
	*seen |= mask;
	return IGVM_OK;
}

/* ---- one check a header type ---- */

/* A mask is one bit that no other platform has. Each platform may be declared once. */
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
	return once(&it->policy_masks, declared(it, p->compatibility_mask), IGVM_ERR_TWICE);
}

/* All addresses are multiples of the alignment, which is one of 4K. Nothing is relocated by our
 * loaders. */
static enum igvm_error check_relocatable(struct igvm_iter *it, const void *body)
{
	const struct igvm_relocatable_region *r = body;

	(void)it;
	if (!r->alignment || !IS_ALIGNED(r->alignment, PAGE_SIZE) || r->gpa % r->alignment ||
	    r->minimum_gpa % r->alignment || r->maximum_gpa % r->alignment)
		return IGVM_ERR_ALIGNMENT;
	return igvm_check_range(r->gpa, r->size, PAGE_SIZE);
}

static enum igvm_error check_page_table(struct igvm_iter *it, const void *body)
{
	const struct igvm_page_table_relocation *r = body;

	if (r->reserved)
		return IGVM_ERR_RESERVED;
	if (!IS_ALIGNED(r->used_size, PAGE_SIZE) || r->used_size > r->size)
		return IGVM_ERR_SIZE;
	if (igvm_check_range(r->gpa, r->size, PAGE_SIZE))
		return igvm_check_range(r->gpa, r->size, PAGE_SIZE);
	return once(&it->page_table_masks, declared(it, r->compatibility_mask), IGVM_ERR_TWICE);
}

/* CoRIM documents and signatures are data in the file that no loader here looks at. */
static enum igvm_error check_corim(struct igvm_iter *it, const struct igvm_corim *c)
{
	return c->reserved ? IGVM_ERR_RESERVED : igvm_check_data(it, c->file_offset, c->size);
}

static enum igvm_error check_corim_document(struct igvm_iter *it, const void *body)
{
	const struct igvm_corim *c = body;
	enum igvm_error e = check_corim(it, c);

	return e ? e : once(&it->corim_masks, declared(it, c->compatibility_mask), IGVM_ERR_TWICE);
}

static enum igvm_error check_corim_signature(struct igvm_iter *it, const void *body)
{
	const struct igvm_corim *c = body;
	uint32_t mask = declared(it, c->compatibility_mask);
	enum igvm_error e = check_corim(it, c);

	if (e)
		return e;
	if (mask & ~it->corim_masks)
		return IGVM_ERR_ORDER; /* the document it signs must stand before it */
	return once(&it->corim_signature_masks, mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_cca(struct igvm_iter *it, const void *body)
{
	(void)it;
	(void)body;
	return IGVM_ERR_ARCHITECTURE;
}

/* A file offset of 0 stands for a page of zeros. */
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
	if (p->file_offset && igvm_check_data(it, p->file_offset, size))
		return IGVM_ERR_DATA_RANGE;
	return igvm_check_range(p->gpa, size, size);
}

static enum igvm_error check_context(struct igvm_iter *it, const void *body)
{
	const struct igvm_vp_context *c = body;
	const uint32_t *m = it->type_mask;
	uint32_t vmsa = m[IGVM_PLATFORM_SEV_SNP] | m[IGVM_PLATFORM_SEV_ES];
	uint32_t mask = declared(it, c->compatibility_mask);

	if (c->reserved)
		return IGVM_ERR_RESERVED;
	/* TDX starts from reset, without a context. And one context cannot be a VMSA for one
	 * platform and something else for another: the data must have one meaning. */
	if ((mask & m[IGVM_PLATFORM_TDX]) || ((mask & vmsa) && (mask & ~vmsa)))
		return IGVM_ERR_CONTEXT_PLATFORM;
	if (!IS_ALIGNED(c->gpa, PAGE_SIZE))
		return IGVM_ERR_ALIGNMENT;
	if (c->gpa >= IGVM_MAX_GPA || (c->gpa && !(mask & vmsa)))
		return IGVM_ERR_ADDRESS;
	if (igvm_check_data(it, c->file_offset, mask & m[IGVM_PLATFORM_VSM] ? 4 : PAGE_SIZE))
		return IGVM_ERR_DATA_RANGE;
	return once(&it->context_masks, mask, IGVM_ERR_CONTEXT_TWICE);
}

static enum igvm_error check_required(struct igvm_iter *it, const void *body)
{
	const struct igvm_required_memory *r = body;

	(void)it;
	if (r->reserved || (r->flags & ~1u))
		return IGVM_ERR_RESERVED;
	return igvm_check_range(r->gpa, r->size, PAGE_SIZE);
}

/* Without an author key its fields must be zero. */
static enum igvm_error check_id_block(struct igvm_iter *it, const void *body)
{
	const struct igvm_snp_id_block *b = body;
	size_t author = offsetof(struct igvm_snp_id_block, author_key_signature);
	uint32_t mask = declared(it, b->compatibility_mask);

	if (!igvm_all_zero(b->reserved, sizeof(b->reserved)))
		return IGVM_ERR_RESERVED;
	if (b->author_key_enabled > 1 || (mask & ~it->type_mask[IGVM_PLATFORM_SEV_SNP]))
		return IGVM_ERR_ID_BLOCK;
	if (!b->author_key_enabled &&
	    (b->author_key_algorithm ||
	     !igvm_all_zero((const uint8_t *)b + author, sizeof(*b) - author)))
		return IGVM_ERR_ID_BLOCK;
	return once(&it->id_masks, mask, IGVM_ERR_TWICE);
}

static enum igvm_error check_error_range(struct igvm_iter *it, const void *body)
{
	const struct igvm_error_range *r = body;

	(void)it;
	return igvm_check_range(r->gpa, r->size, PAGE_SIZE);
}

/* ---- the table of types ---- */

#define MASK_AT(s) offsetof(struct s, compatibility_mask)
#define TYPE(t, s, fn, text)                                                                       \
	{                                                                                          \
		t, sizeof(struct s), MASK_AT(s), fn, text                                          \
	}
#define PARAM(t, fn, text)                                                                         \
	{                                                                                          \
		t, sizeof(struct igvm_parameter), IGVM_NO_MASK, fn, text                           \
	}

/* Page data come first, because there are most of them. */
static const struct igvm_rule rules[] = {
	TYPE(IGVM_PAGE_DATA, igvm_page_data, check_page, "page data"),
	{IGVM_SUPPORTED_PLATFORM, sizeof(struct igvm_supported_platform), IGVM_NO_MASK,
	 check_platform, "supported platform"},
	TYPE(IGVM_GUEST_POLICY, igvm_guest_policy, check_policy, "guest policy"),
	TYPE(IGVM_RELOCATABLE_REGION, igvm_relocatable_region, check_relocatable,
	     "relocatable region"),
	TYPE(IGVM_PAGE_TABLE_RELOCATION, igvm_page_table_relocation, check_page_table,
	     "page table relocation"),
	TYPE(IGVM_CORIM_DOCUMENT, igvm_corim, check_corim_document, "CoRIM document"),
	TYPE(IGVM_CORIM_SIGNATURE, igvm_corim, check_corim_signature, "CoRIM signature"),
	{IGVM_CCA_POLICY, IGVM_CCA_POLICY_SIZE, 0, check_cca, "CCA policy"},
	{IGVM_PARAMETER_AREA, sizeof(struct igvm_parameter_area), IGVM_NO_MASK, igvm_check_area,
	 "parameter area"},
	TYPE(IGVM_PARAMETER_INSERT, igvm_parameter_insert, igvm_check_insert, "parameter insert"),
	TYPE(IGVM_VP_CONTEXT, igvm_vp_context, check_context, "VP context"),
	TYPE(IGVM_REQUIRED_MEMORY, igvm_required_memory, check_required, "required memory"),
	PARAM(IGVM_VP_COUNT, igvm_check_u32, "VP count"),
	PARAM(IGVM_SRAT, igvm_check_table, "SRAT"),
	PARAM(IGVM_MADT, igvm_check_table, "MADT"),
	PARAM(IGVM_MMIO_RANGES, igvm_check_table, "MMIO ranges"),
	TYPE(IGVM_SNP_ID_BLOCK, igvm_snp_id_block, check_id_block, "SNP ID block"),
	PARAM(IGVM_MEMORY_MAP, igvm_check_table, "memory map"),
	TYPE(IGVM_ERROR_RANGE, igvm_error_range, check_error_range, "error range"),
	PARAM(IGVM_COMMAND_LINE, igvm_check_table, "command line"),
	PARAM(IGVM_SLIT, igvm_check_table, "SLIT"),
	PARAM(IGVM_PPTT, igvm_check_table, "PPTT"),
	{IGVM_VBS_MEASUREMENT, IGVM_VBS_MEASUREMENT_SIZE, 0, NULL, "VBS measurement"},
	PARAM(IGVM_DEVICE_TREE, igvm_check_table, "device tree"),
	PARAM(IGVM_ENVIRONMENT_INFO, igvm_check_u32, "environment info"),
};

const struct igvm_rule *igvm_rule_of(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

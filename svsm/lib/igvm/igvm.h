/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Reads IGVM files (abi/igvm.h): a bounded iterator over the headers that checks every rule of the
 * format and never allocates. The monitor's loader and the tools share it. It looks at the fixed
 * and variable headers only. Page data stay wherever the caller has them; they are named by their
 * offset in the file, which is checked to lie inside it. No locks and no state of its own.
 */
#include "abi/igvm.h"

enum igvm_error {
	IGVM_OK = 0,
	IGVM_END, /* no more headers: the end of every good file */
	IGVM_ERR_SHORT,
	IGVM_ERR_MAGIC,
	IGVM_ERR_VERSION,
	IGVM_ERR_ARCHITECTURE,
	IGVM_ERR_PAGE_SIZE,
	IGVM_ERR_FILE_SIZE,
	IGVM_ERR_HEADER_RANGE,
	IGVM_ERR_CHECKSUM,
	IGVM_ERR_TRUNCATED,
	IGVM_ERR_PADDING,
	IGVM_ERR_UNKNOWN_TYPE,
	IGVM_ERR_LENGTH,
	IGVM_ERR_ORDER,
	IGVM_ERR_RESERVED,
	IGVM_ERR_NO_PLATFORM,
	IGVM_ERR_PLATFORM_MASK,
	IGVM_ERR_PLATFORM_TYPE,
	IGVM_ERR_PLATFORM_TWICE,
	IGVM_ERR_PLATFORM_VERSION,
	IGVM_ERR_VTL,
	IGVM_ERR_SHARED_BOUNDARY,
	IGVM_ERR_MASK,
	IGVM_ERR_ALIGNMENT,
	IGVM_ERR_ADDRESS,
	IGVM_ERR_SIZE,
	IGVM_ERR_DATA_RANGE,
	IGVM_ERR_PAGE_TYPE,
	IGVM_ERR_PAGE_FLAGS,
	IGVM_ERR_AREA_TWICE,
	IGVM_ERR_AREA_UNKNOWN,
	IGVM_ERR_AREA_INSERTED,
	IGVM_ERR_AREA_LIMIT,
	IGVM_ERR_AREA_OFFSET,
	IGVM_ERR_CONTEXT_PLATFORM,
	IGVM_ERR_CONTEXT_TWICE,
	IGVM_ERR_ID_BLOCK,
	IGVM_ERR_TWICE,
	IGVM_ERR_COUNT,
};
const char *igvm_error_text(enum igvm_error e); /* a clause without full stop; never NULL */

#define IGVM_MAX_AREAS 32      /* parameter areas of one file */
#define IGVM_MAX_GPA   BIT(52) /* addresses end here on every machine */

struct igvm_file {
	const uint8_t *base;   /* the file's first data_start bytes */
	uint32_t version;      /* 1 or 2 */
	uint32_t header_start; /* variable header, offset from the file's start */
	uint32_t data_start;   /* first byte behind it */
	uint32_t size;         /* the whole file */
};

/*
 * How many bytes from the start of the file hold all its headers. data: the first `have` bytes;
 * file_size: the size that the caller has measured. On success *head is at most file_size;
 * igvm_open() needs that many bytes.
 */
enum igvm_error igvm_head_size(const void *data, size_t have, uint64_t file_size, uint32_t *head);

/* Checks fixed header and checksum. data must stay readable and unchanged while *f is in use. */
enum igvm_error igvm_open(struct igvm_file *f, const void *data, size_t have, uint64_t file_size);

/* One header. body is unaligned; its size is that of the type's structure in abi/igvm.h. */
struct igvm_header {
	uint32_t type; /* enum igvm_type, without IGVM_OPTIONAL; unknown optional ones never come */
	uint32_t length;
	uint32_t offset; /* of the type field, in the file */
	/* Its compatibility mask, perhaps with bits that nobody declared; all ones for headers that
	 * have none. */
	uint32_t mask;
	const void *body;
};

struct igvm_iter {
	const struct igvm_file *file;
	uint32_t at;                             /* offset of the next header */
	uint32_t section;                        /* 0 platform, 1 initialization, 2 directives */
	uint32_t masks;                          /* declared compatibility bits */
	uint32_t type_mask[IGVM_PLATFORM_COUNT]; /* its bit for each platform, or 0 */
	uint32_t context_masks, id_masks, policy_masks, page_table_masks;
	uint32_t corim_masks, corim_signature_masks;
	uint32_t area_count;
	struct igvm_area_state {
		uint32_t index;
		bool inserted;
		uint64_t size;
	} areas[IGVM_MAX_AREAS];
};

void igvm_iter_init(struct igvm_iter *it, const struct igvm_file *f);

/*
 * The next header, after all rules that can be judged so far. IGVM_END after the last one, if the
 * rules about the file as a whole hold too. After an error the iterator is unusable, except that
 * it->at is the offset of the faulty header.
 */
enum igvm_error igvm_next(struct igvm_iter *it, struct igvm_header *h);

/* Checks the whole file. *offset (may be NULL): where the first error is. */
enum igvm_error igvm_check(const struct igvm_file *f, uint32_t *offset);

/* The compatibility bit of a platform, 0 when the file does not support it. */
uint32_t igvm_platform_mask(const struct igvm_file *f, enum igvm_platform_type type);

/* Bytes a page-data header covers: 4 KiB or 2 MiB. */
static inline uint64_t igvm_page_size(const struct igvm_page_data *p)
{
	return p->flags & IGVM_PAGE_2M ? SIZE_2M : PAGE_SIZE;
}

const char *igvm_type_name(uint32_t type);         /* "page data"; "unknown" when it is */
const char *igvm_platform_name(uint32_t platform); /* "SEV-SNP"; "unknown" when it is */

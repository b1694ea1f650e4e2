/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The hash of a PE/COFF image as firmware measures it. A bzImage with an EFI stub is such an image,
 * and may be signed: its signature is not hashed, so a signed kernel and its unsigned twin measure
 * alike. The file is the user's and may hold anything; each field is checked before it is used.
 */
#include "harness/igvm/authenticode.h"

#include <stdlib.h>
#include <string.h>

/* Microsoft's PE format. Offsets in the file header, from "PE\0\0" on: */
#define PE_OFFSET     0x3c /* in the DOS header: where "PE\0\0" is */
#define SECTION_COUNT 6
#define OPTIONAL_SIZE 20
#define OPTIONAL      24
/* in the optional header: */
#define OPT_MAGIC       0 /* 0x10b: PE32, 0x20b: PE32+ */
#define OPT_HEADERS     60
#define OPT_CHECKSUM    64
#define OPT_DIRECTORIES 92 /* NumberOfRvaAndSizes, 16 bytes later in PE32+; the entries follow */
#define PLUS            16
#define SECURITY        4 /* the entry of the certificate table; 8 bytes each */
/* in a section header: */
#define SECTION_HEADER 40
#define RAW_SIZE       16
#define RAW_AT         20

struct pe {
	const struct blob *file;
	size_t optional, headers; /* where the optional header is; bytes of all headers */
	size_t security;          /* the certificate table's entry; 0: none */
	size_t sections, section_count;
};

struct part {
	uint32_t at, size;
};

static uint32_t get(const struct blob *b, size_t at, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint32_t)b->data[at + i] << 8 * i;
	return v;
}

/* True when the headers are whole and lie where they say. */
static bool parse(struct pe *pe, const struct blob *file)
{
	size_t at, directories;

	if (file->size < PE_OFFSET + 4 || memcmp(file->data, "MZ", 2) != 0)
		return false;
	at = get(file, PE_OFFSET, 4);
	if (file->size < OPTIONAL + OPT_DIRECTORIES + PLUS + 4 ||
	    at > file->size - (OPTIONAL + OPT_DIRECTORIES + PLUS + 4) ||
	    memcmp(file->data + at, "PE\0", 4) != 0)
		return false;
	*pe = (struct pe){.file = file, .optional = at + OPTIONAL};
	directories = pe->optional + OPT_DIRECTORIES;
	directories += get(file, pe->optional + OPT_MAGIC, 2) == 0x20b ? PLUS : 0;
	if (get(file, directories, 4) > SECURITY)
		pe->security = directories + 4 + SECURITY * 8;
	pe->headers = get(file, pe->optional + OPT_HEADERS, 4);
	pe->sections = pe->optional + get(file, at + OPTIONAL_SIZE, 2);
	pe->section_count = get(file, at + SECTION_COUNT, 2);
	return pe->headers <= file->size && pe->security + 8 <= pe->headers &&
	       pe->optional + OPT_CHECKSUM + 4 <= pe->headers &&
	       pe->sections + pe->section_count * SECTION_HEADER <= pe->headers;
}

static void add_range(struct digests *d, const struct pe *pe, size_t from, size_t to)
{
	digests_add(d, pe->file->data + from, to - from);
}

static void add_headers(struct digests *d, const struct pe *pe)
{
	size_t checksum = pe->optional + OPT_CHECKSUM;

	add_range(d, pe, 0, checksum);
	if (pe->security) {
		add_range(d, pe, checksum + 4, pe->security);
		add_range(d, pe, pe->security + 8, pe->headers);
	} else {
		add_range(d, pe, checksum + 4, pe->headers);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* The sections' bytes in the order of the file. *sum: how many, the headers included. */
static bool add_sections(struct digests *d, const struct pe *pe, uint64_t *sum)
{
	struct part *part = calloc(pe->section_count + 1, sizeof(*part));
	bool ok = true;

	if (!part)
		return false;
	*sum = pe->headers;
	for (size_t i = 0; ok && i < pe->section_count; i++) {
		size_t at = pe->sections + i * SECTION_HEADER;

		part[i] = (struct part){get(pe->file, at + RAW_AT, 4),
					get(pe->file, at + RAW_SIZE, 4)};
		ok = (uint64_t)part[i].at + part[i].size <= pe->file->size;
		*sum += part[i].size;
	}
	if (ok)
		qsort(part, pe->section_count, sizeof(*part), by_place);
	for (size_t i = 0; ok && i < pe->section_count; i++)
		digests_add(d, pe->file->data + part[i].at, part[i].size);
	free(part);
	return ok;
}

/* What lies behind the sections, without the certificates at its end. */
static bool add_rest(struct digests *d, const struct pe *pe, uint64_t sum)
{
	uint64_t certificates = pe->security ? get(pe->file, pe->security + 4, 4) : 0;

	if (certificates > pe->file->size)
		return false;
	if (pe->file->size > sum + certificates)
		add_range(d, pe, sum, pe->file->size - certificates);
	return true;
}

bool authenticode_add(struct digests *d, const struct blob *image)
{
	struct pe pe;
	uint64_t sum;

	if (!parse(&pe, image))
		return false;
	add_headers(d, &pe);
	return add_sections(d, &pe, &sum) && add_rest(d, &pe, sum);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What an image in OVMF's format says of itself. The file may be anybody's, so nothing outside it
 * is read; that its sections make sense together is for one place to say, the SVSM's own rules
 * (lib/launch_sections.h).
 */
#include "harness/igvm/ovmf.h"

#include <string.h>

#define GUID_SIZE 16
/* The footer's GUID ends so many bytes below 4 GiB, behind it lies the reset vector. */
#define TABLE_END 0x20

/* As they lie in memory: the first three fields are little-endian. */
static const uint8_t footer_guid[GUID_SIZE] = {/* 96b582de-1fb2-45f7-baea-a366c55a082d */
					       0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
					       0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t sev_guid[GUID_SIZE] = {/* dc886566-984a-4798-a75e-5585a7bf67cc */
					    0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
					    0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc};
static const uint8_t hashes_guid[GUID_SIZE] = {/* 7255371f-3a3b-4b04-927b-1da6efa8d454 */
					       0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b,
					       0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54};
static const uint8_t igvm_guid[GUID_SIZE] = {/* 784fa70e-3176-4677-8a20-04b68699e374 */
					     0x0e, 0xa7, 0x4f, 0x78, 0x76, 0x31, 0x77, 0x46,
					     0x8a, 0x20, 0x04, 0xb6, 0x86, 0x99, 0xe3, 0x74};

/* An entry from back to front: its GUID, the length of all of it, its data. */
struct tail {
	uint16_t length;
	uint8_t guid[GUID_SIZE];
} PACKED;

/* A list that an entry leads to. What follows is `count` times a place, a size and a type. */
struct list_header {
	char signature[4];
	uint32_t length; /* with this header */
	uint32_t version;
	uint32_t count;
} PACKED;

enum {
	IGVM_PARAM_AREA = 0x100,
	IGVM_PARAM_MEMORY_MAP = 0x101,
	IGVM_PARAM_VP_COUNT = 0x102,
};

#define MEMORY_MAP_ENTRY 24

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The table's bytes without the footer. NULL: there is none, or it leaves the file, which has a
 * page at least. */
static const uint8_t *table(const struct blob *image, size_t *size)
{
	const uint8_t *end = image->data + image->size - TABLE_END;
	struct tail footer;

	memcpy(&footer, end - sizeof(footer), sizeof(footer));
	if (memcmp(footer.guid, footer_guid, GUID_SIZE) || footer.length < sizeof(footer) ||
	    footer.length > image->size - TABLE_END)
		return NULL;
	*size = footer.length - sizeof(footer);
	return end - footer.length;
}

/* The data of the entry with that GUID, `size` bytes at least. NULL: there is none. */
static const uint8_t *entry(const struct blob *image, const uint8_t *guid, size_t size)
{
	size_t left = 0;
	const uint8_t *start = table(image, &left);

	while (start && left >= sizeof(struct tail)) {
		struct tail t;

		memcpy(&t, start + left - sizeof(t), sizeof(t));
		if (t.length < sizeof(t) || t.length > left)
			return NULL;
		if (!memcmp(t.guid, guid, GUID_SIZE))
			return t.length - sizeof(t) >= size ? start + left - t.length : NULL;
		left -= t.length;
	}
	return NULL;
}

/*
 * The list that an entry leads to by its distance from the file's end. NULL, and said why: it
 * leaves the file, or is of another version.
 */
static const uint8_t *list(const char *path, const struct blob *image, const uint8_t *at,
			   const char *signature, uint32_t *count)
{
	uint32_t distance = get32(at);
	struct list_header h;

	if (distance > image->size || distance < sizeof(h))
		return igvm_fail("%s: its %s list lies outside the file", path, signature), NULL;
	memcpy(&h, image->data + image->size - distance, sizeof(h));
	if (memcmp(h.signature, signature, 4))
		return igvm_fail("%s: no %s list where its table says", path, signature), NULL;
	if (h.version != 1)
		return igvm_fail("%s: version %u of its %s list is not known", path, h.version,
				 signature),
		       NULL;
	if (h.count > (distance - sizeof(h)) / sizeof(struct launch_section) ||
	    h.length != sizeof(h) + h.count * sizeof(struct launch_section))
		return igvm_fail("%s: its %s list leaves the file", path, signature), NULL;
	*count = h.count;
	return image->data + image->size - distance + sizeof(h);
}

static bool read_sections(const char *path, const struct blob *image, struct ovmf *out)
{
	const uint8_t *at = entry(image, sev_guid, sizeof(uint32_t)), *sections;

	if (!at)
		return igvm_fail(
			"%s: no firmware with SEV-SNP metadata: take the OVMF of Debian 13 "
			"or newer",
			path);
	sections = list(path, image, at, "ASEV", &out->section_count);
	if (!sections)
		return false;
	if (!out->section_count || out->section_count > LAUNCH_SECTIONS_MAX)
		return igvm_fail("%s: %u sections in its metadata, 1 to %u can be taken", path,
				 out->section_count, LAUNCH_SECTIONS_MAX);
	memcpy(out->sections, sections, out->section_count * sizeof(out->sections[0]));
	for (uint32_t i = 0; i < out->section_count; i++)
		if (out->sections[i].type == LAUNCH_SECTION_CAA)
			return true;
	return igvm_fail("%s: its SEV-SNP metadata has no calling area, so it does not run under "
			 "an SVSM: take the OVMF of Debian 13 or newer",
			 path);
}

/* Is it in a section of that type? */
static bool in_section(const struct ovmf *o, uint32_t type, uint64_t gpa, uint64_t size)
{
	for (uint32_t i = 0; i < o->section_count; i++) {
		const struct launch_section *s = &o->sections[i];

		if (s->type == type && gpa >= s->gpa && gpa + size <= (uint64_t)s->gpa + s->size)
			return true;
	}
	return false;
}

/* Older firmware names a place for the hashes that no section of the launch covers. */
static void read_hashes(const struct blob *image, struct ovmf *out)
{
	const uint8_t *at = entry(image, hashes_guid, 2 * sizeof(uint32_t));
	uint32_t gpa = at ? get32(at) : 0, size = at ? get32(at + 4) : 0;

	if (!in_section(out, LAUNCH_SECTION_KERNEL_HASHES, gpa, size) || size < OVMF_HASHES_SIZE)
		return;
	out->hashes = gpa;
	out->hashes_size = size;
}

/* One row of the list of parameters; all places are relative to the area, which comes first. */
static void read_param(const struct launch_section *row, uint32_t area, struct launch_params *p)
{
	if (row->type == IGVM_PARAM_MEMORY_MAP) {
		p->memory_map = area + row->gpa;
		p->memory_map_entries = row->size / MEMORY_MAP_ENTRY;
	} else if (row->type == IGVM_PARAM_VP_COUNT) {
		p->vp_count = area + row->gpa;
	}
}

static bool read_params(const char *path, const struct blob *image, struct ovmf *out)
{
	const uint8_t *at = entry(image, igvm_guid, sizeof(uint32_t)), *rows;
	struct launch_section row;
	uint32_t count, area = 0;

	if (!at)
		return true;
	rows = list(path, image, at, "IGVM", &count);
	if (!rows)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&row, rows + i * sizeof(row), sizeof(row));
		if (row.type == IGVM_PARAM_AREA)
			area = row.gpa;
		else if (area)
			read_param(&row, area, &out->params);
	}
	return true;
}

bool ovmf_read(const char *path, const struct blob *image, struct ovmf *out)
{
	*out = (struct ovmf){0};
	if (image->size < PAGE_SIZE || image->size % PAGE_SIZE || image->size > OVMF_SIZE_MAX)
		return igvm_fail("%s: %zu bytes are no firmware: whole pages, 16 MiB at most", path,
				 image->size);
	if (!read_sections(path, image, out))
		return false;
	read_hashes(image, out);
	return read_params(path, image, out);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's initial memory as a list of pages, and the IGVM file made of it. While pages are
 * collected a later one may take the place of an earlier one: launch_info and the pages that
 * the processor fills lie inside the SVSM's segments. The format is Microsoft's IGVM 1
 * (abi/igvm.h); what we write must suit our own loader as well as QEMU's.
 */
#include "harness/igvm/image.h"
#include "lib/crc32.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SNP_MASK 1u

/* ---- collecting ---- */

/*
 * A page of zeroes of type NORMAL, which the caller changes. The pointer lasts until the next
 * append().
 */
static struct image_page *append(struct image *m, uint64_t gpa)
{
	if (m->count == m->room) {
		m->room = m->room ? 2 * m->room : 1024;
		m->pages = realloc(m->pages, m->room * sizeof(*m->pages));
		if (!m->pages) {
			igvm_fail("out of memory");
			exit(IGVM_EXIT_HOST);
		}
	}
	m->pages[m->count] = (struct image_page){.gpa = gpa, .data = IMAGE_ZERO};
	return &m->pages[m->count++];
}

/* Keeps a page's contents; pages of zeroes take no room in the file. */
static size_t keep(struct image *m, const uint8_t *data, size_t size)
{
	static const uint8_t zeroes[PAGE_SIZE];
	size_t at = m->data.size;

	if (!memcmp(data, zeroes, size))
		return IMAGE_ZERO;
	memcpy(blob_grow(&m->data, PAGE_SIZE), data, size);
	return at;
}

void image_add(struct image *m, uint64_t gpa, const void *data, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE_SIZE) {
		size_t kept = keep(m, (const uint8_t *)data + at, MIN(size - at, PAGE_SIZE));

		append(m, gpa + at)->data = kept;
	}
}

/*
 * Takes out a page that was added before, wherever it is. The order does not matter until
 * sort_pages().
 */
static void drop(struct image *m, uint64_t gpa)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->pages[i].gpa == gpa)
			m->pages[i--] = m->pages[--m->count];
}

void image_special(struct image *m, uint64_t gpa, enum igvm_page_type type)
{
	drop(m, gpa);
	append(m, gpa)->type = type;
}

void image_replace(struct image *m, uint64_t gpa, const void *page)
{
	drop(m, gpa);
	image_add(m, gpa, page, PAGE_SIZE);
}

/* A parameter page is not measured: its contents are the host's, and the SVSM checks them. */
void image_param(struct image *m, enum igvm_type type, uint64_t gpa, uint64_t size)
{
	for (uint64_t at = gpa & ~PAGE_MASK; at < gpa + size; at += PAGE_SIZE)
		drop(m, at);
	m->params[m->param_count++] = (struct image_param){type, gpa, size};
}

void image_require(struct image *m, uint64_t gpa, uint64_t size)
{
	m->required[m->required_count++] = (struct image_range){gpa, ALIGN_UP(size, PAGE_SIZE)};
}

void image_free(struct image *m)
{
	free(m->pages);
	blob_free(&m->data);
}

/* ---- writing ---- */

/*
 * One variable header: type, length and body, padded with zeroes to 8 bytes. The padding is not
 * part of the length.
 */
static void put(struct blob *out, uint32_t type, const void *body, size_t size)
{
	const struct igvm_variable_header h = {.type = type, .length = (uint32_t)size};
	uint8_t *p = blob_grow(out, sizeof(h) + ALIGN_UP(size, 8));

	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), body, size);
}

/*
 * The headers of the platform and initialization sections. The mask ties all later headers to
 * this one platform.
 */
static void put_platform(const struct image *m, struct blob *out)
{
	const struct igvm_supported_platform p = {
		.compatibility_mask = SNP_MASK,
		.platform_type = IGVM_PLATFORM_SEV_SNP,
		.platform_version = IGVM_PLATFORM_VERSION,
	};
	const struct igvm_guest_policy g = {.policy = m->policy, .compatibility_mask = SNP_MASK};

	put(out, IGVM_SUPPORTED_PLATFORM, &p, sizeof(p));
	put(out, IGVM_GUEST_POLICY, &g, sizeof(g));
}

/*
 * Memory that must be there although no page of it is in the file: the SVSM's region, the room
 * a kernel unpacks into.
 */
static void put_required(const struct image *m, struct blob *out)
{
	for (unsigned i = 0; i < m->required_count; i++) {
		const struct igvm_required_memory r = {
			.gpa = m->required[i].gpa,
			.compatibility_mask = SNP_MASK,
			.size = (uint32_t)m->required[i].size,
		};

		put(out, IGVM_REQUIRED_MEMORY, &r, sizeof(r));
	}
}

/*
 * One directive a page. A page without file data counts as zeroes and takes no more than this
 * header.
 */
static void put_pages(const struct image *m, struct blob *out, size_t data_start)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct image_page *p = &m->pages[i];
		const struct igvm_page_data d = {
			.gpa = p->gpa,
			.compatibility_mask = SNP_MASK,
			.file_offset = p->data == IMAGE_ZERO ? 0 : (uint32_t)(data_start + p->data),
			.type = p->type,
		};

		put(out, IGVM_PAGE_DATA, &d, sizeof(d));
	}
}

/* Parameters that share their first page share one area. True for the first of them. */
static bool first_of_area(const struct image *m, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (m->params[j].gpa >> PAGE_SHIFT == m->params[i].gpa >> PAGE_SHIFT)
			return false;
	return true;
}

/*
 * One parameter area for all parameters of a page: igvm_memory_map and igvm_vp_count, say, may
 * share one. The area is filled by the parameters between its declaration and its insertion.
 */
static void put_area(const struct image *m, struct blob *out, unsigned first, uint32_t index)
{
	uint64_t base = m->params[first].gpa & ~PAGE_MASK, end = base;
	struct igvm_parameter_area area = {.index = index};
	struct igvm_parameter_insert insert = {base, SNP_MASK, index};

	for (unsigned i = first; i < m->param_count; i++)
		if (m->params[i].gpa >> PAGE_SHIFT == base >> PAGE_SHIFT)
			end = MAX(end, ALIGN_UP(m->params[i].gpa + m->params[i].size, PAGE_SIZE));
	area.size = end - base;
	put(out, IGVM_PARAMETER_AREA, &area, sizeof(area));
	for (unsigned i = first; i < m->param_count; i++) {
		const struct igvm_parameter p = {index, (uint32_t)(m->params[i].gpa - base)};

		if (m->params[i].gpa >> PAGE_SHIFT == base >> PAGE_SHIFT)
			put(out, m->params[i].type, &p, sizeof(p));
	}
	put(out, IGVM_PARAMETER_INSERT, &insert, sizeof(insert));
}

/* Indices count up from 0, one for each area. */
static void put_params(const struct image *m, struct blob *out)
{
	uint32_t index = 0;

	for (unsigned i = 0; i < m->param_count; i++)
		if (first_of_area(m, i))
			put_area(m, out, i, index++);
}

/* Last: KVM measures the boot vCPU's state when the launch is finished. */
static void put_context(struct blob *out, size_t offset)
{
	const struct igvm_vp_context c = {
		.gpa = IGVM_SNP_VMSA_GPA,
		.compatibility_mask = SNP_MASK,
		.file_offset = (uint32_t)offset,
	};

	put(out, IGVM_VP_CONTEXT, &c, sizeof(c));
}

/* The order is that of the format: platform, initialization, directives. */
static void put_headers(const struct image *m, struct blob *out, size_t data_start)
{
	blob_grow(out, sizeof(struct igvm_fixed_header));
	put_platform(m, out);
	put_required(m, out);
	put_pages(m, out, data_start);
	put_params(m, out);
	put_context(out, data_start + m->data.size);
}

/*
 * The checksum covers the fixed header with its checksum field 0 and all variable headers, not
 * the data.
 */
static void finish(struct blob *out, size_t head)
{
	struct igvm_fixed_header *h = (void *)out->data;

	*h = (struct igvm_fixed_header){
		.magic = IGVM_MAGIC,
		.version = IGVM_VERSION_1,
		.header_offset = sizeof(*h),
		.header_size = (uint32_t)(head - sizeof(*h)),
		.total_size = (uint32_t)out->size,
	};
	h->checksum = crc32_update(0, out->data, head);
}

/*
 * For qsort(). Ascending addresses make the file, and so the launch digest, the same for the
 * same input.
 */
static int by_address(const void *a, const void *b)
{
	const struct image_page *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

/*
 * False, and said where: two parts of the image want the same page, which is a mistake in their
 * addresses.
 */
static bool sort_pages(struct image *m)
{
	if (m->count)
		qsort(m->pages, m->count, sizeof(*m->pages), by_address);
	for (size_t i = 1; i < m->count; i++)
		if (m->pages[i].gpa == m->pages[i - 1].gpa)
			return igvm_fail("two parts of the image claim page 0x%" PRIx64,
					 m->pages[i].gpa);
	return true;
}

/*
 * Headers come first and point into the data behind them, so they are written twice: the first
 * pass only tells how long they are. The boot vCPU's VMSA is the last page of the data.
 */
bool image_write(struct image *m, struct blob *out)
{
	size_t head, data_start;

	*out = (struct blob){0};
	if (!sort_pages(m))
		return false;
	put_headers(m, out, 0); /* once for the size, once more with it */
	head = out->size;
	data_start = ALIGN_UP(head, PAGE_SIZE);
	if (data_start + m->data.size + PAGE_SIZE > UINT32_MAX)
		return blob_free(out), igvm_fail("the image is larger than 4 GiB");
	out->size = 0;
	put_headers(m, out, data_start);
	blob_grow(out, data_start - head);
	if (m->data.size)
		memcpy(blob_grow(out, m->data.size), m->data.data, m->data.size);
	memcpy(blob_grow(out, PAGE_SIZE), &m->vmsa, PAGE_SIZE);
	finish(out, head);
	return true;
}

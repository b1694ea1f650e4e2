/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Finds the launch_info page in an IGVM file. `keelson run --igvm FILE` has to know how many
 * CPUs the SVSM in that file keeps for its services, because QEMU must be started with as many
 * more.
 */
#include "harness/igvm/launch_page.h"

#include <string.h>

/* The magic makes a page the launch_info page. *out is also written for pages that are none. */
static bool is_launch_page(const struct igvm_file *f, const struct igvm_header *h,
			   struct launch_info *out)
{
	const struct igvm_page_data *p = h->body;

	if (h->type != IGVM_PAGE_DATA || p->type != IGVM_PAGE_NORMAL || !p->file_offset)
		return false;
	memcpy(out, f->base + p->file_offset, sizeof(*out));
	return out->magic == LAUNCH_MAGIC;
}

/* Of any version. */
static bool find(const struct igvm_file *f, struct launch_info *out)
{
	struct igvm_iter it;
	struct igvm_header h;

	igvm_iter_init(&it, f);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (is_launch_page(f, &h, out))
			return true;
	return false;
}

bool launch_page_find(const struct igvm_file *f, struct launch_info *out)
{
	return find(f, out) && out->version == LAUNCH_VERSION;
}

/* Silent: who hands over the file checks it elsewhere, and a test payload has no such page. */
static bool read_any(const char *path, struct launch_info *out)
{
	struct igvm_file f;
	struct blob b;
	uint32_t at;
	bool found;

	if (!blob_read(path, &b))
		return false;
	found = igvm_open(&f, b.data, b.size, b.size) == IGVM_OK &&
		igvm_check(&f, &at) == IGVM_OK && find(&f, out);
	blob_free(&b);
	return found;
}

bool launch_page_read(const char *path, struct launch_info *out)
{
	return read_any(path, out) && out->version == LAUNCH_VERSION;
}

uint32_t launch_page_version(const char *path)
{
	struct launch_info l;

	return read_any(path, &l) ? l.version : 0;
}

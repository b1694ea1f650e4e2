/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A guest that is firmware in the IGVM file: its image as measured pages that end at 4 GiB, the
 * hashes of what the host will hand to it, and in the launch page what the SVSM has to prepare. All
 * else is the firmware's own affair: it measures itself and what it starts, so there are no events.
 */
#include "harness/igvm/build.h"
#include "harness/igvm/ovmf.h"
#include "lib/launch_sections.h"

#include <stdio.h>
#include <string.h>

/* The page of the hashes, or pages; zeroes where nothing is hashed. Their content is measured.
 * Older firmware has none, and boots what it is handed all the same: whoever counts on the digest
 * is told. */
static bool add_hashes(const struct igvm_build_options *o, const struct ovmf *fw, struct image *m)
{
	uint32_t offset = fw->hashes & PAGE_MASK;
	struct blob kernel = {0}, initrd = {0};
	uint8_t page[PAGE_SIZE] = {0};
	bool ok;

	if (!o->kernel)
		return true;
	if (!fw->hashes || offset + OVMF_HASHES_SIZE > PAGE_SIZE) {
		fprintf(stderr,
			"keelson: %s has no page for hashes: the launch digest does not cover %s\n",
			o->firmware, o->kernel);
		return true;
	}
	ok = blob_read(o->kernel, &kernel) && (!o->initrd || blob_read(o->initrd, &initrd));
	if (ok) {
		ovmf_hashes(&kernel, &initrd, o->cmdline ? o->cmdline : "", page + offset);
		image_replace(m, fw->hashes - offset, page);
	}
	blob_free(&kernel);
	blob_free(&initrd);
	return ok;
}

/* What is not to be measured is no page of the file: the SVSM validates it. */
static bool add_sections(const char *path, const struct ovmf *fw, struct image *m,
			 struct launch_info *info)
{
	static const uint8_t zeroes[PAGE_SIZE];
	const char *why;

	memcpy(info->sections, fw->sections, sizeof(info->sections));
	info->section_count = fw->section_count;
	info->params = fw->params;
	why = launch_sections_objection(info);
	if (why)
		return igvm_fail("%s: its metadata cannot be used: %s", path, why);
	for (uint32_t i = 0; i < fw->section_count; i++) {
		const struct launch_section *s = &fw->sections[i];

		if ((uint64_t)s->gpa + s->size > info->svsm.gpa)
			return igvm_fail(
				"%s: it wants memory at 0x%x, where this machine has none: "
				"give it more (--mem)",
				path, s->gpa);
		for (uint32_t at = 0; s->type == LAUNCH_SECTION_KERNEL_HASHES && at < s->size;
		     at += PAGE_SIZE)
			image_add(m, s->gpa + at, zeroes, PAGE_SIZE);
	}
	return true;
}

bool build_firmware(const struct igvm_build_options *o, struct image *m, struct launch_info *info)
{
	struct ovmf fw;
	struct blob b;
	bool ok;

	if (!blob_read(o->firmware, &b))
		return false;
	info->guest = LAUNCH_GUEST_FIRMWARE;
	info->kernel = (struct launch_range){0x100000000ull - b.size, b.size};
	ok = ovmf_read(o->firmware, &b, &fw) && add_sections(o->firmware, &fw, m, info);
	if (ok)
		image_add(m, info->kernel.gpa, b.data, b.size);
	ok = ok && add_hashes(o, &fw, m);
	blob_free(&b);
	return ok;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A multiboot image beside the shim that serves it (guests/bare/shim). */
#include "abi/payload.h"
#include "harness/igvm/build.h"
#include "harness/igvm/elf.h"
#include "harness/igvm/multiboot.h"

#include <string.h>

bool build_multiboot(const struct igvm_build_options *o, const struct elf *shim, struct image *m)
{
	struct payload_info info = {.magic = PAYLOAD_MAGIC};
	uint8_t page[PAGE_SIZE] = {0};
	const char *why = NULL;
	struct multiboot b;
	struct blob file;
	uint64_t at, size;
	bool ok;

	if (!elf_symbol(shim, "payload_info", &at, &size) || (at & PAGE_MASK))
		return igvm_fail("%s: no page payload_info for a multiboot image", shim->path);
	if (!blob_read(o->multiboot, &file))
		return false;
	ok = multiboot_parse(&file, PAYLOAD_SHIM_BASE, &b, &why);
	blob_free(&file);
	if (!ok)
		return igvm_fail("%s cannot be booted: %s", o->multiboot, why);
	info.entry = b.entry;
	memcpy(page, &info, sizeof(info));
	image_add(m, b.start, b.memory.data, b.memory.size);
	image_replace(m, at, page);
	blob_free(&b.memory);
	return true;
}

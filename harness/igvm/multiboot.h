/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A multiboot image (version 1) as `qemu -kernel` takes it: a header in the first 8 KiB that says
 * where the image goes, or an ELF file, of 32 or 64 bits, that says it by its segments. The file is
 * anybody's: nothing outside it is read.
 */
#include "harness/igvm/blob.h"

#define MULTIBOOT_MAX (256u << 20) /* bytes of memory that an image may take */

struct multiboot {
	uint64_t start;     /* page aligned, 1 MiB at least */
	uint64_t entry;     /* inside */
	struct blob memory; /* from start on, .bss included */
};

/* False, and why is NULL or a text (static) that follows the file's name: it is none, or cannot be
 * loaded below `end`. */
bool multiboot_parse(const struct blob *file, uint64_t end, struct multiboot *m, const char **why);

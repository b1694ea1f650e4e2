/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The little of ELF64 that the IGVM builder needs. Addresses handed out are load (physical) ones.
 */
#include "harness/igvm/blob.h"
#include "harness/igvm/image.h"

struct elf {
	const char *path; /* for messages */
	struct blob file;
	uint64_t entry;      /* load address */
	uint64_t start, end; /* what the segments below MACHINE_FIRMWARE_BASE take, pages; .bss
			      * included */
	uint64_t moved;      /* what elf_move() has added to the file's addresses */
};

/* Checks headers, segments and symbol table against the file's size; says what is wrong. */
bool elf_open(struct elf *e, const char *path);
void elf_close(struct elf *e);
/* From now on the file is to be loaded so that its first page lies at base, which is below 4 GiB
 * with all that follows it. For a program that runs anywhere. */
void elf_move(struct elf *e, uint64_t base);
/* Adds every PT_LOAD segment that has bytes in the file: those, and zeroes for the rest of its
 * memory (.bss). A segment without any is memory that the program validates itself: left out. */
void elf_load(const struct elf *e, struct image *m);
/* Load address and size of a symbol; false when there is none of that name. */
bool elf_symbol(const struct elf *e, const char *name, uint64_t *at, uint64_t *size);

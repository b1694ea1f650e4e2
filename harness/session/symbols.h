/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Function names of the monitor and the SVSM, from their ELF symbol tables. */
#include "base/types.h"

struct symbols;

/* NULL when the file is missing or no ELF64. label ("monitor", "svsm") goes before each name. */
struct symbols *symbols_read(const char *path, const char *label);
/* "svsm:name+0x12" (malloc'ed), or NULL when the address is not in the image's code. */
char *symbols_name(const struct symbols *s, uint64_t address);

/* Where the SVSM's names come from. Addresses below `from` are not looked up: those of a boot stub
 * are other images' too. */
struct symbol_source {
	const char *elf; /* NULL: there is none */
	uint64_t from;
};
#define SYMBOLS_SVSM_FROM 0xffffffff80000000ull /* where our own SVSM's kernel is linked */

/* The monitor's "... VMPL 0 ... RIP 0x..." with the SVSM's function name after it (malloc'ed). */
char *symbols_explain(const char *line, const struct symbol_source *svsm);
void symbols_free(struct symbols *s);

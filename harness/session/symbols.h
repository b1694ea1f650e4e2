/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Function names of our own images, from their ELF symbol tables, for state.txt. */
#include "base/types.h"

struct symbols;

/* NULL when the file is missing or no ELF64. label ("monitor", "svsm") goes before each name. */
struct symbols *symbols_read(const char *path, const char *label);
/* "svsm:name+0x12" (malloc'ed), or NULL when the address is not in the image's code. */
char *symbols_name(const struct symbols *s, uint64_t address);
/* The monitor's "... VMPL 0 ... RIP 0x..." with the SVSM's function name after it (malloc'ed). */
char *symbols_explain(const char *line);
void symbols_free(struct symbols *s);

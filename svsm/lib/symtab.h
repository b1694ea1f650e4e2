/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Names of an image's functions, from the table that ci/symtab.sh links into it. */
#include "base/types.h"

/* The name of the function that holds addr, and in *offset how far into it that is. NULL when addr
 * is outside the image's text, [text, end), or before the first function. */
const char *symtab_find(const char *text, const char *end, uint64_t addr, uint64_t *offset);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Function names of the image, from the table ci/symtab.sh links in. */
#include "base/types.h"

/* The function that holds addr, or NULL; *offset into it. */
const char *symbol_find(uint64_t addr, uint64_t *offset);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The number of a word NAME=NUMBER on the kernel's command line; `otherwise` without such a word.
 */
unsigned option_number(const char *name, unsigned otherwise);

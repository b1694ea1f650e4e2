/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The launch_info page (abi/launch.h) of an IGVM file: what the SVSM in it will do. */
#include "abi/launch.h"
#include "harness/igvm/open.h"

/* The first page with its magic; false: there is none of this version, as in a test payload. f: the
 * whole file. */
bool launch_page_find(const struct igvm_file *f, struct launch_info *out);
/* The same of a file on disk; false also when that is no IGVM file. */
bool launch_page_read(const char *path, struct launch_info *out);
/* The version of that page, which may be older or newer than ours; 0: there is none. */
uint32_t launch_page_version(const char *path);

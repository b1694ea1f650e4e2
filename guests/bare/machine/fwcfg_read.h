/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Reading fw_cfg by its ports; what fails there is a failed check. */
#include "base/types.h"

#define FWCFG_DIR 0x19

struct fwcfg_entry {
	uint32_t size;
	uint16_t key, reserved;
	char name[56];
} PACKED;

void fwcfg_select(uint16_t key);
void fwcfg_read(void *to, size_t n); /* a byte an event */
/* One event for all n bytes: n up to GHCB_BUFFER_SIZE. */
void fwcfg_read_string(void *to, size_t n);
void fwcfg_read_key(uint16_t key, void *to, size_t n); /* both of the above, byte by byte */
/* By string IN, since a directory is some kilobytes. */
bool fwcfg_find(const char *name, struct fwcfg_entry *e);

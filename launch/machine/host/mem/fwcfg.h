/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* QEMU's fw_cfg device by DMA. Any CPU; one at a time, by a lock. */
#include "base/addr.h"

#define FWCFG_NAME 56 /* with its NUL */

struct fwcfg_file {
	uint16_t select;
	uint32_t size;
};
bool fwcfg_find(const char *name, struct fwcfg_file *f);
/* The n-th file of the directory, from 0 on, and its name; false: it has no more. */
bool fwcfg_entry(unsigned n, struct fwcfg_file *f, char name[FWCFG_NAME]);
/* Read len bytes at offset of the file into physical memory at dst. False when they are not all in
 * the file, or on an error of the device. */
bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len);
unsigned fwcfg_cpus(void); /* how many CPUs QEMU started with */

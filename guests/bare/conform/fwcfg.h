/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* QEMU's fw_cfg by its I/O ports (QEMU, docs/specs/fw_cfg.rst), each access an IOIO event. */
#include "base/types.h"

#define FWCFG_CPUS 5 /* u16: as many CPUs as the machine has now */

bool fwcfg_present(void);
/* The first n bytes of an item. */
void fwcfg_read(uint16_t key, void *to, size_t n);
/* The key and size of a file. False: there is none of that name. */
bool fwcfg_find(const char *name, uint16_t *key, uint32_t *size);

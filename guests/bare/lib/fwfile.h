/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* QEMU's fw_cfg by its I/O ports (QEMU, docs/specs/fw_cfg.rst), each access an IOIO event. */
#include "base/types.h"

#define FWFILE_CPUS 5 /* u16: as many CPUs as the machine has now */

bool fwfile_present(void);
/* The first n bytes of an item. */
void fwfile_read(uint16_t key, void *to, size_t n);
/* The key and size of a file. False: there is none of that name. */
bool fwfile_find(const char *name, uint16_t *key, uint32_t *size);
/* A file as text, at most size - 1 bytes and a NUL. False: there is no such file, or no fw_cfg. */
bool fwfile_text(const char *name, char *to, size_t size);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a guest finds in its fw_cfg device: items by key, and files, whose keys follow from a
 * directory (QEMU, docs/specs/fw_cfg.rst). An item's bytes are the machine's own or a part of a
 * file that QEMU has. Filled once on CPU 0 before the guests run; then read only.
 */
#include "machine/host/mem/fwcfg.h"

#define FWITEM_DIRECTORY  0x19
#define FWITEM_FIRST_FILE 0x20
#define FWITEM_NAME       FWCFG_NAME
#define FWITEM_FILES      64
#define FWITEM_KEYS       32

struct fwitem {
	uint16_t key;
	uint32_t size;
	const void *data;       /* NULL: bytes [offset, offset + size) of QEMU's */
	struct fwcfg_file real; /* file */
	uint32_t offset;
	void (*selected)(void); /* NULL, or what puts the bytes there: at each selection */
};

/* An item of a key below FWITEM_FIRST_FILE. data stays the caller's, and must stay; the words are
 * copied, and little-endian. More than FWITEM_KEYS are a fault of the machine. */
void fwitem_key(uint16_t key, const void *data, uint32_t size);
void fwitem_u16(uint16_t key, uint16_t value);
void fwitem_u32(uint16_t key, uint32_t value);
/* offset + size must not exceed the file. */
void fwitem_key_real(uint16_t key, const struct fwcfg_file *real, uint32_t offset, uint32_t size);
/* A file; a name that is there already is replaced. More than FWITEM_FILES are left out, and so is
 * a name without a NUL in FWITEM_NAME bytes: false. */
bool fwitem_file(const char *name, const void *data, uint32_t size);
bool fwitem_file_live(const char *name, const void *data, uint32_t size, void (*selected)(void));
bool fwitem_file_real(const char *name, const struct fwcfg_file *real);
/* Nothing more comes: the files get their keys, sorted by name as QEMU's are, and the directory is
 * made. */
void fwitem_seal(void);
const struct fwitem *fwitem_find(uint16_t key); /* NULL: there is none */
void fwitem_reset(void);                        /* an empty table: unit tests */

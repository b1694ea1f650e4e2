/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The TPM's whole state as one blob: a header (magic, version, lengths, CRC-32 of all that follows
 * it), permanent state, volatile state. Test builds only: whoever holds the blob holds the TPM's
 * secrets.
 */
#include "base/types.h"

#define SNAPSHOT_VERSION 1

struct snapshot_head {
	uint8_t magic[4]; /* "KTPM" */
	uint32_t version;
	uint32_t permanent_len, volatile_len;
	uint32_t crc;
} PACKED;

/* Returns the length of the blob written to out; 0: no room, or no TPM. */
uint32_t snapshot_save(void *out, uint32_t room);
/* Continue with the TPM of the blob. False: not such a blob, and the TPM is as it was before.
 * False and *alive false: that could not be restored either, and the TPM is off. */
bool snapshot_restore(const void *blob, uint32_t len, bool *alive);

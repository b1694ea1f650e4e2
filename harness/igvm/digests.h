/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Digests of the same bytes for every bank of PCRs that a TPM may have. */
#include "abi/launch.h"

enum bank {
	BANK_SHA1,
	BANK_SHA256,
	BANK_SHA384,
	BANK_SHA512,
	BANKS
};

#define BANK_BYTES_MAX 64

struct bank_info {
	const char *name; /* as tpm2-tools write it */
	uint16_t alg;     /* TPM_ALG_ID: TPM 2.0 Library, part 2 */
	uint16_t bytes;
};
extern const struct bank_info bank_info[BANKS];

/* Where an event keeps its digest for that bank. */
uint8_t *digest_of(struct launch_event *e, enum bank b);

struct digests {
	void *md[BANKS]; /* libcrypto's */
};

/* Add bytes in pieces, then write all digests to e and forget *d. These exit when libcrypto has no
 * memory or no such hash. */
void digests_begin(struct digests *d);
void digests_add(struct digests *d, const void *data, size_t size);
void digests_end(struct digests *d, struct launch_event *e);
/* TPM2_PCR_Extend: pcr becomes the hash of its value and the digest behind it. */
void digest_extend(enum bank b, uint8_t pcr[BANK_BYTES_MAX], const uint8_t *digest);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Templates of the keys that the vTPM's manifests hold: TCG EK Credential Profile for TPM 2.0, 2.5,
 * annex B, and the signing keys of docs/attestation.md.
 */
#include "base/types.h"

enum {
	KEY_RSA,
	KEY_P256,
	KEY_P384,
	KEY_KINDS
};

struct key_template {
	const char *name;
	const char *command; /* TPM2_CreatePrimary as text (lib/tpm.h); two %z for `unique` */
	unsigned unique[2];
	uint16_t type;
	uint16_t size; /* bits of an RSA key, curve of another */
	uint32_t attributes;
};
extern const struct key_template key_endorsement[KEY_KINDS], key_signing[KEY_KINDS];

/* n bytes, big endian */
uint64_t key_big(const uint8_t *p, unsigned n);
/* Is a TPMT_PUBLIC of `size` bytes of that type, size and attributes? */
bool key_fits(const struct key_template *t, const uint8_t *public, uint32_t size);

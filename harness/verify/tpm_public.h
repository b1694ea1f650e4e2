/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A TPM's public key, TPMT_PUBLIC: TPM 2.0 Library, part 2, 12.2.4. The bytes are a stranger's. */
#include "harness/verbs/signature.h"

#define TPMA_FIXED_TPM    BIT(1)
#define TPMA_FIXED_PARENT BIT(4)
#define TPMA_ORIGIN       BIT(5) /* sensitiveDataOrigin: the TPM made it */
#define TPMA_RESTRICTED   BIT(16)
#define TPMA_DECRYPT      BIT(17)
#define TPMA_SIGN         BIT(18)

/* Keys that the TPM has made and keeps, and that do one thing by its rules alone. */
#define TPMA_ENDORSEMENT                                                                           \
	(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_ORIGIN | TPMA_RESTRICTED | TPMA_DECRYPT)
#define TPMA_ATTESTATION                                                                           \
	(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_ORIGIN | TPMA_RESTRICTED | TPMA_SIGN)

struct tpm_public {
	unsigned type;  /* 1 RSA, 0x23 ECC */
	unsigned bits;  /* RSA */
	unsigned curve; /* ECC: 3 P-256, 4 P-384 */
	uint32_t attributes;
	uint32_t exponent; /* RSA */
	struct blob policy, n, x, y;
};

/* All of the bytes are one key. False: they are not, or it is of a kind that is not known here. */
bool tpm_public_read(struct blob from, struct tpm_public *key);
/* Does the key do this and not the other of sign and decrypt? */
bool tpm_public_is(const struct tpm_public *key, uint32_t attributes);
/* For people: "RSA-2048", "P-256". */
const char *tpm_public_name(const struct tpm_public *key);
/* As PEM, malloc'ed; NULL: libcrypto takes it for no key. */
char *tpm_public_pem(const struct tpm_public *key);

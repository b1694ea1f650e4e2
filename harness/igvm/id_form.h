/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * ID block and ID authentication information: SEV-SNP firmware ABI (56860), 8.18,
 * SNP_LAUNCH_FINISH. Who made a guest signs what it is to be launched with, and the report says by
 * whose key. All numbers are little-endian, those of keys and signatures too.
 */
#include "base/types.h"

#define ID_BLOCK_VERSION 1
#define ID_ALGO_P384     1 /* ECDSA on P-384 with SHA-384 */
#define ID_CURVE_P384    2
#define ID_NUMBER        72 /* bytes of a coordinate, and of a signature's half */

struct id_block {
	uint8_t launch_digest[48];
	uint8_t family_id[16];
	uint8_t image_id[16];
	uint32_t version;
	uint32_t guest_svn;
	uint64_t policy;
} PACKED;
ABI_SIZE(struct id_block, 0x60, "SNP ABI: ID block");

/* The report has SHA-384 over all of it. */
struct id_key {
	uint32_t curve;
	uint8_t x[ID_NUMBER], y[ID_NUMBER];
	uint8_t rsvd_94[0x370];
} PACKED;
ABI_SIZE(struct id_key, 0x404, "SNP ABI: ECDSA public key");

struct id_signature {
	uint8_t r[ID_NUMBER], s[ID_NUMBER];
	uint8_t rsvd_90[0x170];
} PACKED;
ABI_SIZE(struct id_signature, 0x200, "SNP ABI: ECDSA signature");

struct id_auth {
	uint32_t id_key_algo;
	uint32_t author_key_algo;
	uint8_t rsvd_08[0x38];
	struct id_signature id_block_signature; /* 0x40: by the ID key */
	struct id_key id_key;                   /* 0x240 */
	uint8_t rsvd_644[0x3c];
	struct id_signature id_key_signature; /* 0x680: by the author's key */
	struct id_key author_key;             /* 0x880 */
	uint8_t rsvd_c84[0x37c];
} PACKED;
ABI_OFFSET(struct id_auth, id_key, 0x240, "SNP ABI: ID authentication information, ID_KEY");
ABI_OFFSET(struct id_auth, id_key_signature, 0x680, "SNP ABI: ID auth, ID_KEY_SIG");
ABI_OFFSET(struct id_auth, author_key, 0x880, "SNP ABI: ID auth, AUTHOR_KEY");
ABI_SIZE(struct id_auth, 0x1000, "SNP ABI: ID authentication information");

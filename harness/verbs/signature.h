/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Signatures that a TPM in the guest made, checked by the host's libcrypto. Nothing here trusts its
 * input; results are NULL for "sound", else one line that says what is wrong.
 */
#include <openssl/evp.h>

#include "base/types.h"

struct blob {
	const unsigned char *p;
	size_t n;
};

/* TPM_ALG_ID, TCG Algorithm Registry table 3 */
enum {
	ALG_SHA1 = 0x0004,
	ALG_SHA256 = 0x000b,
	ALG_SHA384 = 0x000c,
	ALG_SHA512 = 0x000d,
	ALG_RSASSA = 0x0014,
	ALG_RSAPSS = 0x0016,
	ALG_ECDSA = 0x0018,
};

const EVP_MD *signature_hash(unsigned alg); /* NULL: none that is known here */
/* pem: the public key. sig: what libcrypto takes, so for ECDSA the DER form. */
const char *signature_wrong(struct blob pem, unsigned scheme, unsigned hash, struct blob sig,
			    struct blob data);
/* The same for a TPMT_SIGNATURE (TPM 2.0 part 2, 11.3.4); hash receives its hash algorithm. */
const char *signature_tpmt_wrong(struct blob pem, struct blob tpmt, struct blob data,
				 unsigned *hash);

/* ---- big-endian fields, as TPM structures hold them ---- */

/* Takes n bytes off the front; false when there are not that many. */
bool blob_take(struct blob *from, size_t n, struct blob *out);
bool blob_u8(struct blob *from, unsigned *v);
bool blob_u16(struct blob *from, unsigned *v);
bool blob_u32(struct blob *from, uint32_t *v);
bool blob_sized(struct blob *from, struct blob *out); /* a TPM2B_ */

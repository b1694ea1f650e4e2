/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Templates, and objects made of them. A function without a response code ends the test when
 * the TPM refuses. */
#include "tss/tss.h"

/* Attributes: a key's use on top of KEY_HERE (made here, stays here, used by its password). */
#define KEY_HERE                                                                                   \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |        \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA)
#define KEY_SIGN    (KEY_HERE | TPMA_OBJECT_SIGN_ENCRYPT)
#define KEY_ATTEST  (KEY_SIGN | TPMA_OBJECT_RESTRICTED)
#define KEY_DECRYPT (KEY_HERE | TPMA_OBJECT_DECRYPT)
#define KEY_STORAGE (KEY_DECRYPT | TPMA_OBJECT_RESTRICTED)
#define KEY_CIPHER  (KEY_DECRYPT | TPMA_OBJECT_SIGN_ENCRYPT)

/* ---- templates.c ---- */
/* scheme: TPM2_ALG_RSASSA, RSAPSS, RSAES, OAEP or NULL; with SHA-256. A KEY_STORAGE key gets
 * AES-128-CFB. */
TPM2B_PUBLIC key_rsa(unsigned bits, TPMA_OBJECT use, TPMI_ALG_RSA_SCHEME scheme);
/* scheme: TPM2_ALG_ECDSA, ECDH or NULL; with SHA-256, P-384 with SHA-384. */
TPM2B_PUBLIC key_ecc(TPMI_ECC_CURVE curve, TPMA_OBJECT use, TPMI_ALG_ECC_SCHEME scheme);
TPM2B_PUBLIC key_aes(unsigned bits, TPMI_ALG_SYM_MODE mode);
TPM2B_PUBLIC key_hmac(TPMI_ALG_HASH hash);
TPM2B_PUBLIC key_sealed(TPMA_OBJECT use); /* a data object; its data come with key_secret() */
/* Authorization values and data of a new object; either may be NULL. */
TPM2B_SENSITIVE_CREATE key_secret(const char *auth, const void *data, size_t len);

/* ---- keys.c ---- */
struct key {
	ESYS_TR handle; /* ESYS_TR_NONE while it is not loaded */
	TPM2B_PUBLIC *public;
	TPM2B_PRIVATE *private;        /* NULL for a primary */
	TPM2B_CREATION_DATA *creation; /* what the TPM said of its making */
	TPM2B_DIGEST *creation_hash;
	TPMT_TK_CREATION *ticket;
};

struct key key_primary(ESYS_TR hierarchy, TPM2B_PUBLIC tmpl, TPM2B_SENSITIVE_CREATE secret);
/* The response code of making one, for where the TPM may refuse. */
TSS2_RC key_try_primary(ESYS_TR hierarchy, const TPM2B_PUBLIC *tmpl);
/* A primary without authorization in the null hierarchy: the shortest way to a key. */
struct key key_null(TPM2B_PUBLIC tmpl);
struct key key_parent(void); /* an ECC P-256 storage key of the owner hierarchy, no authorization */
/* The parent has no authorization. Loaded too. */
struct key key_child(const struct key *parent, TPM2B_PUBLIC tmpl, TPM2B_SENSITIVE_CREATE secret);
void key_load(struct key *k, const struct key *parent);
void key_flush(struct key *k);
TPM2B_NAME key_name(const TPM2B_PUBLIC *public); /* computed here, from the public area */

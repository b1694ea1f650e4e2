/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Hashes and HMACs by libcrypto. */
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "tss/crypto.h"

const char *crypto_hash_name(TPMI_ALG_HASH alg)
{
	switch (alg) {
	case TPM2_ALG_SHA1:
		return "SHA1";
	case TPM2_ALG_SHA256:
		return "SHA256";
	case TPM2_ALG_SHA384:
		return "SHA384";
	case TPM2_ALG_SHA512:
		return "SHA512";
	}
	external_fail(EXTERNAL_HERE, "hash 0x%x: libcrypto's name is not known here", alg);
	tss_stop();
}

TPM2B_DIGEST crypto_digest2(TPMI_ALG_HASH alg, const void *a, size_t a_len, const void *b,
			    size_t b_len)
{
	const EVP_MD *md = EVP_get_digestbyname(crypto_hash_name(alg));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	TPM2B_DIGEST out;
	unsigned size = 0;

	REQUIRE(context && EVP_DigestInit_ex(context, md, NULL) == 1);
	REQUIRE(EVP_DigestUpdate(context, a, a_len) == 1);
	REQUIRE(EVP_DigestUpdate(context, b, b_len) == 1);
	REQUIRE(EVP_DigestFinal_ex(context, out.buffer, &size) == 1);
	out.size = size;
	EVP_MD_CTX_free(context);
	return out;
}

TPM2B_DIGEST crypto_digest(TPMI_ALG_HASH alg, const void *data, size_t len)
{
	return crypto_digest2(alg, data, len, "", 0);
}

TPM2B_DIGEST crypto_hmac(TPMI_ALG_HASH alg, const void *key, size_t key_len, const void *data,
			 size_t len)
{
	const EVP_MD *md = EVP_get_digestbyname(crypto_hash_name(alg));
	TPM2B_DIGEST out;
	unsigned size = 0;

	REQUIRE(HMAC(md, key, (int)key_len, data, len, out.buffer, &size));
	out.size = size;
	return out;
}

void crypto_random(void *to, size_t len)
{
	REQUIRE(RAND_bytes(to, (int)len) == 1);
}

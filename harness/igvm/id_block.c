/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* An IGVM file has the same fields as the firmware, but more tightly; a key's reserved word there
 * is no part of what is signed and hashed. */
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "harness/igvm/id_block.h"

#define IGVM_KEY 152 /* bytes: curve, a reserved word, X, Y */

/* ---- forms ---- */

static void key_of_igvm(const uint8_t from[IGVM_KEY], struct id_key *key)
{
	memcpy(&key->curve, from, sizeof(key->curve));
	memcpy(key->x, from + 8, ID_NUMBER);
	memcpy(key->y, from + 8 + ID_NUMBER, ID_NUMBER);
}

static void key_to_igvm(const struct id_key *key, uint8_t to[IGVM_KEY])
{
	memset(to, 0, IGVM_KEY);
	memcpy(to, &key->curve, sizeof(key->curve));
	memcpy(to + 8, key->x, ID_NUMBER);
	memcpy(to + 8 + ID_NUMBER, key->y, ID_NUMBER);
}

void id_block_of_igvm(const struct igvm_snp_id_block *b, uint64_t policy, struct id_block *block,
		      struct id_auth *auth)
{
	*block = (struct id_block){
		.version = b->version, .guest_svn = b->guest_svn, .policy = policy};
	memcpy(block->launch_digest, b->launch_digest, sizeof(block->launch_digest));
	memcpy(block->family_id, b->family_id, sizeof(block->family_id));
	memcpy(block->image_id, b->image_id, sizeof(block->image_id));
	*auth = (struct id_auth){.id_key_algo = b->id_key_algorithm,
				 .author_key_algo = b->author_key_algorithm};
	memcpy(&auth->id_block_signature, b->id_key_signature, sizeof(b->id_key_signature));
	memcpy(&auth->id_key_signature, b->author_key_signature, sizeof(b->author_key_signature));
	key_of_igvm(b->id_public_key, &auth->id_key);
	key_of_igvm(b->author_public_key, &auth->author_key);
}

/* ---- making one ---- */

static EVP_PKEY *read_key(const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, (char[]){""}) : NULL;
	char group[32] = "";

	if (f)
		fclose(f);
	if (key && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	    !strcmp(group, "secp384r1"))
		return key;
	EVP_PKEY_free(key);
	igvm_fail("%s: %s", path, f ? "no private key on P-384 in PEM" : "cannot be read");
	return NULL;
}

static bool coordinate(EVP_PKEY *key, const char *name, uint8_t to[ID_NUMBER])
{
	BIGNUM *n = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
		  BN_bn2lebinpad(n, to, ID_NUMBER) == ID_NUMBER;

	BN_free(n);
	return ok;
}

static bool public_key(EVP_PKEY *key, struct id_key *to)
{
	*to = (struct id_key){.curve = ID_CURVE_P384};
	return coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, to->x) &&
	       coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, to->y);
}

static bool split(const uint8_t *der, size_t n, uint8_t to[2 * ID_NUMBER])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = sig && BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), to, ID_NUMBER) == ID_NUMBER &&
		  BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), to + ID_NUMBER, ID_NUMBER) == ID_NUMBER;

	ECDSA_SIG_free(sig);
	return ok;
}

static bool sign(EVP_PKEY *key, const void *data, size_t n, uint8_t to[2 * ID_NUMBER])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t size = sizeof(der);
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, key) == 1 &&
		  EVP_DigestSign(ctx, der, &size, data, n) == 1 && split(der, size, to);

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool add_author(EVP_PKEY *author, const struct id_key *id, struct igvm_snp_id_block *b)
{
	struct id_key key;

	if (!public_key(author, &key) || !sign(author, id, sizeof(*id), b->author_key_signature))
		return false;
	key_to_igvm(&key, b->author_public_key);
	b->author_key_enabled = 1;
	b->author_key_algorithm = ID_ALGO_P384;
	return true;
}

static bool fill(const struct id_block_words *w, const struct measure *m, EVP_PKEY *id,
		 EVP_PKEY *author, struct igvm_snp_id_block *b)
{
	struct id_block block;
	struct id_auth auth;
	struct id_key key;

	*b = (struct igvm_snp_id_block){.version = ID_BLOCK_VERSION,
					.guest_svn = w->guest_svn,
					.id_key_algorithm = ID_ALGO_P384};
	memcpy(b->launch_digest, m->digest, sizeof(b->launch_digest));
	memcpy(b->family_id, w->family_id, sizeof(b->family_id));
	memcpy(b->image_id, w->image_id, sizeof(b->image_id));
	id_block_of_igvm(b, m->policy, &block, &auth);
	if (!public_key(id, &key) || !sign(id, &block, sizeof(block), b->id_key_signature) ||
	    (author && !add_author(author, &key, b)))
		return igvm_fail("libcrypto does not sign the ID block");
	key_to_igvm(&key, b->id_public_key);
	return true;
}

bool id_block_make(const struct id_block_words *w, const struct measure *m,
		   struct igvm_snp_id_block *b)
{
	EVP_PKEY *id = read_key(w->id_key);
	EVP_PKEY *author = id && w->author_key ? read_key(w->author_key) : NULL;
	bool ok = id && (author || !w->author_key) && fill(w, m, id, author, b);

	EVP_PKEY_free(id);
	EVP_PKEY_free(author);
	return ok;
}

/* ---- in a file ---- */

bool id_block_find(const struct igvm_file *f, struct igvm_snp_id_block *b)
{
	uint32_t mask = igvm_platform_mask(f, IGVM_PLATFORM_SEV_SNP);
	struct igvm_iter it;
	struct igvm_header h;

	igvm_iter_init(&it, f);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (h.type == IGVM_SNP_ID_BLOCK && h.mask & mask) {
			memcpy(b, h.body, sizeof(*b));
			return true;
		}
	return false;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/psp/certificate.h"
#include "harness/psp/chain.h"
#include "harness/psp/chain_store.h"

#define ENDORSEMENTS 2

struct psp_chain {
	struct chain_keys keys;
	uint8_t root[ENDORSEMENTS][PSP_SECRET];
	EVP_PKEY *key[ENDORSEMENTS];
	X509 *certificate[CHAIN_CERTIFICATES];
	uint8_t *der[CHAIN_CERTIFICATES];
	size_t size[CHAIN_CERTIFICATES];
};

char *chain_folder(void)
{
	char *runs, *folder;

	if (!paths_installed())
		return paths_in_build("psp");
	runs = paths_runs();
	folder = str("%.*spsp", (int)(strlen(runs) - strlen("runs")), runs);
	free(runs);
	return folder;
}

static bool encode(struct psp_chain *chain)
{
	for (unsigned i = 0; i < CHAIN_CERTIFICATES; i++) {
		int n = i2d_X509(chain->certificate[i], &chain->der[i]);

		if (n <= 0)
			return false;
		chain->size[i] = (size_t)n;
	}
	return true;
}

static bool derive(struct psp_chain *chain, const struct psp_config *c)
{
	for (unsigned i = 0; i < ENDORSEMENTS; i++) {
		if (!endorsement_root(chain->keys.secret, c, i, chain->root[i]))
			return false;
		chain->key[i] = endorsement_key(chain->root[i], c->tcb);
		if (!chain->key[i])
			return false;
	}
	return true;
}

static bool certify(struct psp_chain *chain, const struct psp_config *c)
{
	enum endorsement which = *c->vlek ? ENDORSEMENT_VLEK : ENDORSEMENT_VCEK;
	const struct chain_keys *k = &chain->keys;

	chain->certificate[CHAIN_ARK] = k->ark.certificate;
	chain->certificate[CHAIN_ISSUER] = k->issuer.certificate;
	chain->certificate[CHAIN_ENDORSEMENT] = certificate_endorsement(
		c, which, chain->key[which], k->issuer.certificate, k->issuer.key);
	return chain->certificate[CHAIN_ENDORSEMENT] && encode(chain);
}

struct psp_chain *chain_open(const char *folder, const struct psp_config *c, char **why)
{
	struct psp_chain *chain = mem_alloc(sizeof(*chain));

	*why = chain_store_open(folder, c, &chain->keys);
	if (!*why && derive(chain, c) && certify(chain, c))
		return chain;
	if (!*why)
		*why = str("the endorsement key cannot be made: %s",
			   ERR_reason_error_string(ERR_peek_last_error()));
	chain_close(chain);
	return NULL;
}

void chain_close(struct psp_chain *chain)
{
	if (!chain)
		return;
	for (unsigned i = 0; i < CHAIN_CERTIFICATES; i++)
		OPENSSL_free(chain->der[i]);
	X509_free(chain->certificate[CHAIN_ENDORSEMENT]);
	for (unsigned i = 0; i < ENDORSEMENTS; i++)
		EVP_PKEY_free(chain->key[i]);
	chain_keys_free(&chain->keys);
	OPENSSL_cleanse(chain->root, sizeof(chain->root));
	free(chain);
}

/* DER to the two numbers. */
static bool split(const uint8_t *der, size_t n, uint8_t r[72], uint8_t s[72])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = sig && BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), r, 72) == 72 &&
		  BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), s, 72) == 72;

	ECDSA_SIG_free(sig);
	return ok;
}

bool chain_sign(const struct psp_chain *chain, enum endorsement by, const void *data, size_t n,
		uint8_t r[72], uint8_t s[72])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t size = sizeof(der);
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, chain->key[by]) == 1 &&
		  EVP_DigestSign(ctx, der, &size, data, n) == 1 && split(der, size, r, s);

	EVP_MD_CTX_free(ctx);
	return ok;
}

const uint8_t *chain_root(const struct psp_chain *chain, enum endorsement of)
{
	return chain->root[of];
}

const uint8_t *chain_der(const struct psp_chain *chain, enum chain_certificate which, size_t *size)
{
	*size = chain->size[which];
	return chain->der[which];
}

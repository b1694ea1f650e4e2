/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/psp/certificate.h"
#include "harness/psp/chain_store.h"

#define RSA_BITS 4096

void chain_keys_free(struct chain_keys *k)
{
	EVP_PKEY_free(k->ark);
	EVP_PKEY_free(k->ask);
	EVP_PKEY_free(k->vcek);
	X509_free(k->ark_certificate);
	X509_free(k->ask_certificate);
	OPENSSL_cleanse(k->secret, sizeof(k->secret));
	memset(k, 0, sizeof(*k));
}

/* ---- files ---- */

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
	char *path = str("%s/%s", folder, name);
	FILE *f = fopen(path, mode);

	free(path);
	return f;
}

static EVP_PKEY *read_key(const char *folder, const char *name)
{
	FILE *f = open_in(folder, name, "re");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, (char[]){""}) : NULL;

	if (f)
		fclose(f);
	return key;
}

static X509 *read_certificate(const char *folder, const char *name)
{
	FILE *f = open_in(folder, name, "re");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	return x;
}

static bool read_secret(const char *folder, uint8_t secret[PSP_SECRET])
{
	FILE *f = open_in(folder, "secret", "re");
	bool ok = f && fread(secret, PSP_SECRET, 1, f) == 1;

	if (f)
		fclose(f);
	return ok;
}

static bool read_all(const char *folder, struct chain_keys *k)
{
	k->ark = read_key(folder, "ark.key");
	k->ask = read_key(folder, "ask.key");
	k->vcek = read_key(folder, "vcek.key");
	k->ark_certificate = read_certificate(folder, "ark.pem");
	k->ask_certificate = read_certificate(folder, "ask.pem");
	return k->ark && k->ask && k->vcek && k->ark_certificate && k->ask_certificate &&
	       read_secret(folder, k->secret);
}

/* Private, also where a copy of the folder has lost its mode. */
static FILE *open_private(const char *folder, const char *name)
{
	FILE *f = open_in(folder, name, "we");

	if (f && fchmod(fileno(f), 0600) == 0)
		return f;
	if (f)
		fclose(f);
	return NULL;
}

static bool write_key(const char *folder, const char *name, EVP_PKEY *key)
{
	FILE *f = open_private(folder, name);
	bool ok = f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;

	return f && fclose(f) == 0 && ok;
}

static bool write_certificate(const char *folder, const char *name, X509 *x)
{
	FILE *f = open_in(folder, name, "we");
	bool ok = f && PEM_write_X509(f, x) == 1;

	return f && fclose(f) == 0 && ok;
}

static bool write_secret(const char *folder, const uint8_t secret[PSP_SECRET])
{
	FILE *f = open_private(folder, "secret");
	bool ok = f && fwrite(secret, PSP_SECRET, 1, f) == 1;

	return f && fclose(f) == 0 && ok;
}

static bool write_all(const char *folder, const struct chain_keys *k)
{
	return write_key(folder, "ark.key", k->ark) && write_key(folder, "ask.key", k->ask) &&
	       write_key(folder, "vcek.key", k->vcek) &&
	       write_certificate(folder, "ark.pem", k->ark_certificate) &&
	       write_certificate(folder, "ask.pem", k->ask_certificate) &&
	       write_secret(folder, k->secret);
}

/* ---- making them ---- */

static bool make_all(const char *product, struct chain_keys *k)
{
	k->ark = EVP_RSA_gen(RSA_BITS);
	k->ask = EVP_RSA_gen(RSA_BITS);
	k->vcek = EVP_EC_gen("P-384");
	if (!k->ark || !k->ask || !k->vcek)
		return false;
	k->ark_certificate = certificate_ca(product, k->ark, NULL, k->ark);
	if (!k->ark_certificate)
		return false;
	k->ask_certificate = certificate_ca(product, k->ask, k->ark_certificate, k->ark);
	return k->ask_certificate && RAND_priv_bytes(k->secret, sizeof(k->secret)) == 1;
}

static void drop(const char *folder)
{
	static const char *const names[] = {"ark.key", "ask.key", "vcek.key",
					    "ark.pem", "ask.pem", "secret"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = str("%s/%s", folder, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(folder);
}

/* Another program may make the same folder meanwhile: then its keys are the chain. */
static char *make(const char *folder, const char *final, const char *product)
{
	char *fresh = str("%s/new-XXXXXX", folder), *why = NULL;
	struct chain_keys k = {0};

	if (!mkdtemp(fresh))
		why = str("cannot write to %s: %s", folder, strerror(errno));
	else if (!make_all(product, &k))
		why = str("libcrypto makes no keys: %s",
			  ERR_reason_error_string(ERR_peek_last_error()));
	else if (!write_all(fresh, &k))
		why = str("cannot write to %s: %s", fresh, strerror(errno));
	else if (rename(fresh, final) != 0 && errno != EEXIST && errno != ENOTEMPTY)
		why = str("cannot make %s: %s", final, strerror(errno));
	drop(fresh);
	chain_keys_free(&k);
	free(fresh);
	return why;
}

/* Only the last part of the folder's name may have to be made. */
char *chain_store_open(const char *folder, const char *product, struct chain_keys *k)
{
	char *path = str("%s/%s", folder, product), *why = NULL;

	mkdir(folder, 0700);
	if (!file_exists(path))
		why = make(folder, path, product);
	if (!why && !read_all(path, k))
		why = str("%s has no whole chain: remove it, and another one is made", path);
	free(path);
	return why;
}

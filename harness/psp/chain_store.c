/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A chain's folder appears at once, with ARK, ASK and secret, by a rename; the ASVK, which few runs
 * want, comes into it later, its certificate last. So nobody ever finds half of anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/psp/certificate.h"
#include "harness/psp/chain_store.h"

#define ARK  "ark"
#define ASK  "ask"
#define ASVK "asvk"

unsigned chain_store_bits = 4096;

static void authority_free(struct chain_authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->certificate);
}

void chain_keys_free(struct chain_keys *k)
{
	authority_free(&k->ark);
	authority_free(&k->issuer);
	OPENSSL_cleanse(k->secret, sizeof(k->secret));
	memset(k, 0, sizeof(*k));
}

/* ---- making ---- */

static char *cannot_make(void)
{
	return str("libcrypto makes no keys: %s", ERR_reason_error_string(ERR_peek_last_error()));
}

static char *cannot_write(const char *folder)
{
	return str("cannot write to %s: %s", folder, strerror(errno));
}

/* ark NULL: it is the root itself. */
static bool make_authority(const char *product, enum certificate_authority which,
			   const struct chain_authority *ark, struct chain_authority *a)
{
	a->key = EVP_RSA_gen(chain_store_bits);
	if (a->key)
		a->certificate =
			certificate_ca(product, which, a->key, ark ? ark->certificate : NULL,
				       ark ? ark->key : a->key);
	return a->certificate;
}

static bool make_base(const char *product, struct chain_keys *k)
{
	return make_authority(product, CERTIFICATE_ARK, NULL, &k->ark) &&
	       make_authority(product, CERTIFICATE_ASK, &k->ark, &k->issuer) &&
	       RAND_priv_bytes(k->secret, sizeof(k->secret)) == 1;
}

static bool write_base(const char *folder, const struct chain_keys *k)
{
	return chain_write_authority(folder, ARK, &k->ark) &&
	       chain_write_authority(folder, ASK, &k->issuer) &&
	       chain_write_secret(folder, k->secret);
}

static char *add_base(const char *folder, const char *final, const char *product)
{
	char *fresh = str("%s/new-XXXXXX", folder), *why = NULL;
	struct chain_keys k = {0};

	if (!mkdtemp(fresh))
		why = cannot_write(folder);
	else if (!make_base(product, &k))
		why = cannot_make();
	else if (!write_base(fresh, &k))
		why = cannot_write(fresh);
	else if (rename(fresh, final) != 0)
		why = str("cannot make %s: %s", final, strerror(errno));
	chain_drop(fresh);
	chain_keys_free(&k);
	free(fresh);
	return why;
}

static bool move_in(const char *from, const char *to, const char *name)
{
	char *a = str("%s/%s", from, name), *b = str("%s/%s", to, name);
	bool ok = rename(a, b) == 0;

	free(a);
	free(b);
	return ok;
}

static char *add_asvk(const char *folder, const char *path, const char *product)
{
	char *fresh = str("%s/new-XXXXXX", folder), *why = NULL;
	struct chain_authority ark = {0}, a = {0};

	if (!mkdtemp(fresh))
		why = cannot_write(folder);
	else if (!chain_read_authority(path, ARK, &ark) ||
		 !make_authority(product, CERTIFICATE_ASVK, &ark, &a))
		why = cannot_make();
	else if (!chain_write_authority(fresh, ASVK, &a) || !move_in(fresh, path, ASVK ".key") ||
		 !move_in(fresh, path, ASVK ".pem"))
		why = cannot_write(path);
	chain_drop(fresh);
	authority_free(&ark);
	authority_free(&a);
	free(fresh);
	return why;
}

/* ---- the folder ---- */

static bool has(const char *path, const char *name)
{
	char *file = str("%s/%s", path, name);
	bool ok = file_exists(file);

	free(file);
	return ok;
}

static bool complete(const char *path, const struct psp_config *c)
{
	return file_exists(path) && (!*c->vlek || has(path, ASVK ".pem"));
}

bool chain_store_there(const char *folder, const struct psp_config *c)
{
	char *path = str("%s/%s", folder, c->product);
	bool ok = complete(path, c);

	free(path);
	return ok;
}

static char *make_missing(const char *folder, const char *path, const struct psp_config *c)
{
	char *why = file_exists(path) ? NULL : add_base(folder, path, c->product);

	return why || complete(path, c) ? why : add_asvk(folder, path, c->product);
}

/* The folder with all above it. What cannot be made shows when it is opened. */
static void make_folders(const char *folder)
{
	char *path = str_dup(folder);

	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(path, 0777);
			*p = '/';
		}
	mkdir(path, 0700);
	free(path);
}

/* Another program may have made the chain while this one waited for the lock. */
static char *ensure(const char *folder, const char *path, const struct psp_config *c)
{
	char *why;
	int fd;

	if (complete(path, c))
		return NULL;
	make_folders(folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		why = cannot_write(folder);
	else
		why = make_missing(folder, path, c);
	if (fd >= 0)
		close(fd);
	return why;
}

char *chain_store_open(const char *folder, const struct psp_config *c, struct chain_keys *k)
{
	char *path = str("%s/%s", folder, c->product), *why = ensure(folder, path, c);

	if (!why && !(chain_read_authority(path, ARK, &k->ark) &&
		      chain_read_authority(path, *c->vlek ? ASVK : ASK, &k->issuer) &&
		      chain_read_secret(path, k->secret)))
		why = str("%s has no whole chain: remove it, and another one is made", path);
	free(path);
	return why;
}

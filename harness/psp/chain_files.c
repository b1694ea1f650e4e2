/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/psp/chain_files.h"

#define SECRET "secret"

static FILE *open_in(const char *folder, const char *name, const char *end, const char *mode)
{
	char *path = str("%s/%s%s", folder, name, end);
	FILE *f = fopen(path, mode);

	free(path);
	return f;
}

static FILE *open_private(const char *folder, const char *name, const char *end)
{
	FILE *f = open_in(folder, name, end, "we");

	if (f && fchmod(fileno(f), 0600) == 0)
		return f;
	if (f)
		fclose(f);
	return NULL;
}

bool chain_read_authority(const char *folder, const char *name, struct chain_authority *a)
{
	FILE *key = open_in(folder, name, ".key", "re"), *pem = open_in(folder, name, ".pem", "re");

	if (key)
		a->key = PEM_read_PrivateKey(key, NULL, NULL, (char[]){""});
	if (pem)
		a->certificate = PEM_read_X509(pem, NULL, NULL, NULL);
	if (key)
		fclose(key);
	if (pem)
		fclose(pem);
	return a->key && a->certificate;
}

static bool write_key(const char *folder, const char *name, EVP_PKEY *key)
{
	FILE *f = open_private(folder, name, ".key");
	bool ok = f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;

	return f && fclose(f) == 0 && ok;
}

static bool write_certificate(const char *folder, const char *name, X509 *x)
{
	FILE *f = open_in(folder, name, ".pem", "we");
	bool ok = f && PEM_write_X509(f, x) == 1;

	return f && fclose(f) == 0 && ok;
}

bool chain_write_authority(const char *folder, const char *name, const struct chain_authority *a)
{
	return write_key(folder, name, a->key) && write_certificate(folder, name, a->certificate);
}

bool chain_read_secret(const char *folder, uint8_t secret[PSP_SECRET])
{
	FILE *f = open_in(folder, SECRET, "", "re");
	bool ok = f && fread(secret, PSP_SECRET, 1, f) == 1;

	if (f)
		fclose(f);
	return ok;
}

bool chain_write_secret(const char *folder, const uint8_t secret[PSP_SECRET])
{
	FILE *f = open_private(folder, SECRET, "");
	bool ok = f && fwrite(secret, PSP_SECRET, 1, f) == 1;

	return f && fclose(f) == 0 && ok;
}

void chain_drop(const char *folder)
{
	static const char *const names[] = {"ark.key",  "ark.pem",  "ask.key", "ask.pem",
					    "asvk.key", "asvk.pem", SECRET};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = str("%s/%s", folder, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(folder);
}

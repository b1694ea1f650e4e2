/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The key that signs what is given, and its public half beside it. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/kbs/kbs.h"

static bool write_key(const char *path, EVP_PKEY *key, bool private)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (private ? O_EXCL : O_TRUNC),
		      private ? 0600 : 0644);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool ok = f && (private ? PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)
				: PEM_write_PUBKEY(f, key)) == 1;

	if (f)
		ok = fclose(f) == 0 && ok;
	return ok;
}

static bool is_p384(EVP_PKEY *key)
{
	char group[32] = "";

	return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "secp384r1") == 0;
}

bool kbs_signer(struct kbs *k, const char *path)
{
	char *public = str("%s.pub", path), no_phrase[] = "";
	FILE *f = fopen(path, "re");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, no_phrase) : NULL;
	bool fresh = !f && errno == ENOENT && (key = EVP_EC_gen("P-384"));
	bool ok = key && is_p384(key) && (!fresh || write_key(path, key, true)) &&
		  write_key(public, key, false);

	if (f)
		fclose(f);
	free(public);
	k->signer = key;
	if (!ok)
		problem("kbs: %s: no private key of P-384 in PEM, nor can one be made", path);
	return ok;
}

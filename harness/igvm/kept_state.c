/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/igvm/kept_state.h"

/* In the open, here and in each file that is built with it: docs/persistence.md, "The test key". */
static const char test_key[] = "Keelson's test key: no secret at all";

/* x and y of a public key, or of the public half of a private one. */
static bool read_signer(const char *path, uint8_t to[RELEASE_SIGNER])
{
	uint8_t point[1 + RELEASE_SIGNER];
	FILE *f = fopen(path, "re");
	EVP_PKEY *key = f ? PEM_read_PUBKEY(f, NULL, NULL, NULL) : NULL;
	char group[32] = "";
	size_t n = 0;
	bool ok = key && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) > 0 &&
		  strcmp(group, "secp384r1") == 0 &&
		  EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
						  sizeof(point), &n) > 0 &&
		  n == sizeof(point) && point[0] == POINT_CONVERSION_UNCOMPRESSED;

	if (ok)
		memcpy(to, point + 1, RELEASE_SIGNER);
	else
		problem("%s: %s", path, f ? "no public key of P-384 in PEM" : strerror(errno));
	EVP_PKEY_free(key);
	if (f)
		fclose(f);
	return ok;
}

bool state_add(const char *owner, const char *signer, bool unsigned_too, struct launch_info *info)
{
	info->flags |= LAUNCH_FLAG_STATE;
	SHA256((const uint8_t *)owner, strlen(owner), info->state.identity);
	if (signer || unsigned_too)
		info->flags |= LAUNCH_FLAG_KEYS | (unsigned_too ? LAUNCH_FLAG_KEYS_UNSIGNED : 0);
	if (signer)
		return read_signer(signer, info->state.signer);
	if (!unsigned_too) {
		info->flags |= LAUNCH_FLAG_TEST_KEY;
		SHA256((const uint8_t *)test_key, strlen(test_key), info->state.test_key);
	}
	return true;
}

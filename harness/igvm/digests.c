/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The same bytes hashed for all banks in one go, by libcrypto. That can fail only for want of
 * memory, or where a system's policy forbids a hash; nothing sensible is left to do then.
 */
#include "harness/igvm/digests.h"
#include "harness/igvm/blob.h"

#include <openssl/evp.h>
#include <stdlib.h>

const struct bank_info bank_info[BANKS] = {
	[BANK_SHA1] = {"sha1", 0x0004, 20},
	[BANK_SHA256] = {"sha256", 0x000b, 32},
	[BANK_SHA384] = {"sha384", 0x000c, 48},
	[BANK_SHA512] = {"sha512", 0x000d, 64},
};

uint8_t *digest_of(struct launch_event *e, enum bank b)
{
	uint8_t *const all[BANKS] = {e->sha1, e->sha256, e->sha384, e->sha512};

	return all[b];
}

static const EVP_MD *md_of(enum bank b)
{
	const EVP_MD *const all[BANKS] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};

	return all[b];
}

static void need(bool ok, enum bank b)
{
	if (ok)
		return;
	igvm_fail("libcrypto cannot make a %s digest", bank_info[b].name);
	exit(IGVM_EXIT_HOST);
}

void digests_begin(struct digests *d)
{
	for (enum bank b = 0; b < BANKS; b++) {
		d->md[b] = EVP_MD_CTX_new();
		need(d->md[b] && EVP_DigestInit_ex(d->md[b], md_of(b), NULL), b);
	}
}

void digests_add(struct digests *d, const void *data, size_t size)
{
	for (enum bank b = 0; b < BANKS; b++)
		need(EVP_DigestUpdate(d->md[b], data, size), b);
}

void digests_end(struct digests *d, struct launch_event *e)
{
	for (enum bank b = 0; b < BANKS; b++) {
		need(EVP_DigestFinal_ex(d->md[b], digest_of(e, b), NULL), b);
		EVP_MD_CTX_free(d->md[b]);
	}
}

void digest_extend(enum bank b, uint8_t pcr[BANK_BYTES_MAX], const uint8_t *digest)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	need(md && EVP_DigestInit_ex(md, md_of(b), NULL) &&
		     EVP_DigestUpdate(md, pcr, bank_info[b].bytes) &&
		     EVP_DigestUpdate(md, digest, bank_info[b].bytes) &&
		     EVP_DigestFinal_ex(md, pcr, NULL),
	     b);
	EVP_MD_CTX_free(md);
}

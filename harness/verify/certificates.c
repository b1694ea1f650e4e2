/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/pem.h>
#include <string.h>

#include "abi/guest_message.h"
#include "harness/verify/certificates.h"

static const char *add(struct certificates *c, X509 *x)
{
	if (!x)
		return "what should be a certificate there is none";
	if (c->n == CERTIFICATES_MAX) {
		X509_free(x);
		return "there are more certificates than a chain can have";
	}
	c->x[c->n++] = x;
	return NULL;
}

/* All of it is one certificate. */
static const char *add_der(struct certificates *c, const uint8_t *bytes, size_t n)
{
	const uint8_t *at = bytes;
	X509 *x = n <= LONG_MAX ? d2i_X509(NULL, &at, (long)n) : NULL;

	if (x && at != bytes + n) {
		X509_free(x);
		x = NULL;
	}
	return add(c, x);
}

/* A file that says it is encrypted gets the empty phrase, lest libcrypto ask the terminal. */
static const char *add_pem(struct certificates *c, const uint8_t *bytes, size_t n)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)n);
	const char *wrong = bio ? NULL : "no memory";
	char no_phrase[] = "";
	X509 *x;

	for (unsigned found = 0; !wrong; found++) {
		x = PEM_read_bio_X509(bio, NULL, NULL, no_phrase);
		if (!x && found)
			break;
		wrong = add(c, x);
	}
	BIO_free(bio);
	return wrong;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

/*
 * The GHCB specification's table, with offsets and sizes of the host's. What a certificate is, its
 * own name says: the GUID is not relied on. A revocation list has none of these names.
 */
static const char *add_table(struct certificates *c, const uint8_t *bytes, size_t n)
{
	static const uint8_t crl[16] = {0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d,
					0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea};
	struct certificate_entry e;
	const char *wrong = NULL;

	for (size_t at = 0; !wrong; at += sizeof(e)) {
		if (n - at < sizeof(e))
			return "it is neither PEM, DER nor a certificate table that ends";
		memcpy(&e, bytes + at, sizeof(e));
		if (all_zero((const uint8_t *)&e, sizeof(e)))
			return at ? NULL : "the table is empty: the host has given no certificates";
		if (e.offset > n || e.size > n - e.offset)
			return "it is neither PEM, DER nor a certificate table whose entries lie "
			       "in it";
		if (memcmp(e.guid, crl, sizeof(crl)) != 0)
			wrong = add_der(c, bytes + e.offset, e.size);
	}
	return wrong;
}

const char *certificates_add(struct certificates *c, const uint8_t *bytes, size_t n)
{
	static const char begin[] = "-----BEGIN ";

	if (n > INT_MAX)
		return "it is too large for certificates";
	if (n >= 2 && bytes[0] == 0x30 && bytes[1] == 0x82) /* SEQUENCE, two bytes of length */
		return add_der(c, bytes, n);
	if (n >= sizeof(begin) - 1 && memmem(bytes, MIN(n, 4096u), begin, sizeof(begin) - 1))
		return add_pem(c, bytes, n);
	return add_table(c, bytes, n);
}

void certificates_free(struct certificates *c)
{
	while (c->n)
		X509_free(c->x[--c->n]);
}

void certificates_common(const X509 *x, char *name, size_t size)
{
	int n = X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name,
					  (int)size);

	if (n < 0 || (size_t)n != strlen(name))
		*name = 0;
}

X509 *certificates_named(const struct certificates *c, const char *common)
{
	char name[64];

	for (unsigned i = 0; i < c->n; i++) {
		certificates_common(c->x[i], name, sizeof(name));
		if (!strcmp(name, common))
			return c->x[i];
	}
	return NULL;
}

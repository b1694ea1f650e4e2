/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* AMD's extensions of a VCEK or VLEK: 57230, "VCEK Certificate". */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/verify/report_checks.h"

#define AMD_OID "1.3.6.1.4.1.3704.1."

/* The value of AMD's extension of that number, or false: there is none, or more than one. */
static bool extension(const X509 *x, const char *number, const uint8_t **value, size_t *n)
{
	char *oid = str(AMD_OID "%s", number);
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	int at = object ? X509_get_ext_by_OBJ(x, object, -1) : -1;
	bool once = at >= 0 && X509_get_ext_by_OBJ(x, object, at) < 0;
	const ASN1_OCTET_STRING *data = once ? X509_EXTENSION_get_data(X509_get_ext(x, at)) : NULL;

	if (once) {
		*value = ASN1_STRING_get0_data(data);
		*n = (size_t)ASN1_STRING_length(data);
	}
	ASN1_OBJECT_free(object);
	free(oid);
	return once;
}

/* A DER INTEGER of 0 to 255. */
static bool number(const X509 *x, const char *oid, uint8_t *out)
{
	const uint8_t *der;
	size_t n;

	if (!extension(x, oid, &der, &n) || n < 3 || n > 4 || der[0] != V_ASN1_INTEGER ||
	    der[1] != n - 2 || (n == 4 && (der[2] || der[3] < 0x80)) || (n == 3 && der[2] >= 0x80))
		return false;
	*out = der[n - 1];
	return true;
}

/* Where TCB_VERSION has the part that an extension names. Others have to be 0 or absent. */
static bool tcb_read(struct signer *s, struct verdict *v)
{
	static const struct {
		const char *oid, *name;
		uint8_t at, turin;
	} parts[] = {{"3.1", "boot loader", 0, 1},
		     {"3.2", "TEE", 1, 2},
		     {"3.3", "SNP firmware", 6, 3},
		     {"3.8", "microcode", 7, 7},
		     {"3.9", "FMC", 0, 0}};

	for (size_t i = 0; i < ARRAY_LEN(parts) - !s->turin; i++)
		if (!number(s->leaf, parts[i].oid,
			    &s->tcb[s->turin ? parts[i].turin : parts[i].at]))
			return verdict_refuse(v, "extensions",
					      "the certificate does not say once which %s (" AMD_OID
					      "%s) its key is for: it is no %s",
					      parts[i].name, parts[i].oid,
					      s->vlek ? "VLEK" : "VCEK");
	return true;
}

/* The product's name, to which a stepping may be added: "Genoa-B1". */
static bool product_read(struct signer *s, struct verdict *v)
{
	size_t length = strlen(s->product), n;
	const uint8_t *der;

	if (!extension(s->leaf, "2", &der, &n) || n < 2 + length || der[0] != V_ASN1_IA5STRING ||
	    der[1] != n - 2 || memcmp(der + 2, s->product, length) != 0 ||
	    (n > 2 + length && der[2 + length] != '-'))
		return verdict_refuse(
			v, "extensions",
			"the certificate's product is not %s, which its root is for: the "
			"chain was put together of two",
			s->product);
	return true;
}

/*
 * Raw bytes, as AMD's first certificates have it, or an OCTET STRING of them. On Turin a chip's ID
 * has 8 bytes.
 */
static bool hwid_read(struct signer *s, struct verdict *v)
{
	size_t want = s->turin ? 8 : sizeof(s->hwid), n = 0;
	const uint8_t *value = NULL;
	bool there = extension(s->leaf, "4", &value, &n);

	if (there && n == want + 2 && value[0] == V_ASN1_OCTET_STRING && value[1] == want) {
		value += 2;
		n = want;
	}
	if (!there || n != want)
		return verdict_refuse(v, "extensions",
				      "the certificate does not say once, in %zu bytes, which chip "
				      "(HWID, " AMD_OID "4) it is for: it is no VCEK of %s",
				      want, s->product);
	memcpy(s->hwid, value, n);
	return true;
}

/* A VCEK is a chip's, a VLEK a cloud provider's: none is both. */
static bool owner_read(struct signer *s, struct verdict *v)
{
	const uint8_t *value;
	size_t n;
	bool csp = extension(s->leaf, "5", &value, &n), hwid = extension(s->leaf, "4", &value, &n);

	if (csp != s->vlek || hwid == s->vlek)
		return verdict_refuse(
			v, "extensions",
			"a VCEK has a chip's HWID and a VLEK a provider's CSP_ID, and this "
			"certificate is not like that: it is no %s",
			s->vlek ? "VLEK" : "VCEK");
	if (!s->vlek)
		return hwid_read(s, v);
	if (!extension(s->leaf, "5", &value, &n) || n < 3 || value[0] != V_ASN1_IA5STRING ||
	    value[1] != n - 2)
		return verdict_refuse(v, "extensions", "CSP_ID is no text: it is no VLEK");
	return true;
}

bool leaf_read(struct signer *s, struct verdict *v)
{
	return product_read(s, v) && tcb_read(s, v) && owner_read(s, v);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * AMD's "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230)
 * has the names and the extensions. A VCEK carries none but AMD's own and the issuer's key:
 * go-sev-guest refuses others.
 */
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/psp/certificate.h"

#define DAY        (24 * 3600L)
#define CA_DAYS    9125
#define VCEK_DAYS  2555
#define SALT_BYTES 48
#define AMD_OID    "1.3.6.1.4.1.3704.1."

static bool add_name(X509_NAME *n, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(n, field, MBSTRING_ASC, (const unsigned char *)value, -1,
					  -1, 0) == 1;
}

static bool set_subject(X509 *x, const char *common)
{
	X509_NAME *n = X509_get_subject_name(x);

	return add_name(n, "OU", "Engineering") && add_name(n, "C", "US") &&
	       add_name(n, "L", "Santa Clara") && add_name(n, "ST", "CA") &&
	       add_name(n, "O", "Advanced Micro Devices") && add_name(n, "CN", common);
}

/* Valid from yesterday on, since clocks differ. */
static bool set_frame(X509 *x, EVP_PKEY *subject, X509 *issuer, long serial, long days)
{
	return X509_set_version(x, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(x), days * DAY) &&
	       X509_set_pubkey(x, subject) == 1 &&
	       X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1;
}

/* An extension in OpenSSL's own words. */
static bool add(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

/* One of AMD's: the bytes as they are. */
static bool add_amd(X509 *x, const char *oid, const void *bytes, size_t n)
{
	char *whole = str(AMD_OID "%s", oid);
	ASN1_OBJECT *object = OBJ_txt2obj(whole, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e = NULL;
	bool ok = object && value && ASN1_OCTET_STRING_set(value, bytes, (int)n) == 1;

	if (ok)
		e = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
	ok = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
	free(whole);
	return ok;
}

/* DER INTEGER of one byte, which a value from 0x80 on needs two for. */
static bool add_amd_number(X509 *x, const char *oid, uint8_t v)
{
	uint8_t der[] = {V_ASN1_INTEGER, 2, 0, v}, small[] = {V_ASN1_INTEGER, 1, v};

	return v & 0x80 ? add_amd(x, oid, der, sizeof(der)) : add_amd(x, oid, small, sizeof(small));
}

static bool add_amd_text(X509 *x, const char *oid, const char *text)
{
	uint8_t der[2 + PSP_CSP_ID] = {V_ASN1_IA5STRING, (uint8_t)strlen(text)};

	memcpy(der + 2, text, strlen(text));
	return add_amd(x, oid, der, 2 + strlen(text));
}

static bool sign(X509 *x, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey = NULL;
	bool ok = ctx && EVP_DigestSignInit(ctx, &pkey, EVP_sha384(), NULL, key) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
		  EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, SALT_BYTES) > 0 &&
		  EVP_PKEY_CTX_set_rsa_mgf1_md(pkey, EVP_sha384()) > 0 && X509_sign_ctx(x, ctx) > 0;

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* x, signed, where all before went well. */
static X509 *finish(X509 *x, bool ok, EVP_PKEY *key)
{
	if (ok && sign(x, key))
		return x;
	X509_free(x);
	return NULL;
}

/* Extensions of a certificate authority; the list of what it has revoked is named, as AMD's is. */
static bool add_ca(X509 *x, X509 *issuer, const char *product, bool root)
{
	char *crl = str("URI:https://kdsintf.amd.com/vcek/v1/%s/crl", product);
	bool ok = add(x, issuer, NID_basic_constraints,
		      root ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0") &&
		  add(x, issuer, NID_key_usage,
		      root ? "critical,keyCertSign,cRLSign" : "critical,keyCertSign") &&
		  add(x, issuer, NID_subject_key_identifier, "hash") &&
		  (root || add(x, issuer, NID_authority_key_identifier, "keyid")) &&
		  add(x, issuer, NID_crl_distribution_points, crl);

	free(crl);
	return ok;
}

X509 *certificate_ca(const char *product, enum certificate_authority which, EVP_PKEY *subject,
		     X509 *ca, EVP_PKEY *key)
{
	static const char *const names[] = {"ARK", "SEV", "SEV-VLEK"};
	char *common = str("%s-%s", names[which], product);
	X509 *x = X509_new(), *issuer = ca ? ca : x;
	bool ok = x && set_subject(x, common) &&
		  set_frame(x, subject, issuer, 65536 + (long)which, CA_DAYS) &&
		  add_ca(x, issuer, product, !ca);

	free(common);
	return finish(x, ok, key);
}

/* By number: the parts of TCB_VERSION, of which 4 to 7 are reserved; the FMC's is Turin's only. */
static bool add_tcb(X509 *x, const struct psp_config *c)
{
	const struct psp_tcb_parts *t = &c->parts;
	const uint8_t part[] = {t->bootloader, t->tee, t->snp, 0, 0, 0, 0, t->microcode, t->fmc};
	unsigned n = c->turin ? 9 : 8;
	bool ok = true;

	for (unsigned i = 0; i < n && ok; i++) {
		char *oid = str("3.%u", i + 1);

		ok = add_amd_number(x, oid, part[i]);
		free(oid);
	}
	return ok;
}

/* Whose key it is: HWID, or CSP_ID. */
static bool add_owner(X509 *x, const struct psp_config *c, enum endorsement which)
{
	return which == ENDORSEMENT_VLEK ? add_amd_text(x, "5", c->vlek)
					 : add_amd(x, "4", c->chip_id, psp_chip_id_bytes(c));
}

X509 *certificate_endorsement(const struct psp_config *c, enum endorsement which, EVP_PKEY *subject,
			      X509 *issuer, EVP_PKEY *key)
{
	X509 *x = X509_new();
	bool ok = x && set_subject(x, which == ENDORSEMENT_VLEK ? "SEV-VLEK" : "SEV-VCEK") &&
		  set_frame(x, subject, issuer, 0, VCEK_DAYS) && add_amd_number(x, "1", 0) &&
		  add_amd_text(x, "2", c->product) && add_tcb(x, c) && add_owner(x, c, which) &&
		  add(x, issuer, NID_authority_key_identifier, "keyid");

	return finish(x, ok, key);
}

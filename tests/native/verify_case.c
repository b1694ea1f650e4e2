/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "tests/native/verify_case.h"
#include "tests/native/check.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* Four primes: keys of 4096 bits in a fraction of the time, which sign like others. */
static EVP_PKEY *rsa_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	CHECK(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 4096) == 1 &&
	      EVP_PKEY_CTX_set_rsa_keygen_primes(ctx, 4) == 1 && EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *root_key, *middle_key, *leaf_key, *other_key;

static void keys(void)
{
	if (root_key)
		return;
	root_key = rsa_key();
	middle_key = rsa_key();
	other_key = rsa_key();
	leaf_key = EVP_EC_gen("P-384");
}

static void add(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static void add_amd(X509 *x, const char *number, const uint8_t *bytes, size_t n)
{
	char oid[64];
	ASN1_OBJECT *object;
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	snprintf(oid, sizeof(oid), "1.3.6.1.4.1.3704.1.%s", number);
	object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING_set(value, bytes, (int)n);
	e = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
}

static void add_part(X509 *x, const char *number, uint8_t v)
{
	uint8_t der[] = {V_ASN1_INTEGER, 2, 0, v}, small[] = {V_ASN1_INTEGER, 1, v};

	if (v & 0x80)
		add_amd(x, number, der, sizeof(der));
	else
		add_amd(x, number, small, sizeof(small));
}

static void add_text(X509 *x, const char *number, const char *text)
{
	uint8_t der[64] = {V_ASN1_IA5STRING, (uint8_t)strlen(text)};

	memcpy(der + 2, text, strlen(text));
	add_amd(x, number, der, 2 + strlen(text));
}

static void sign(X509 *x, EVP_PKEY *key, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey;

	CHECK(EVP_DigestSignInit(ctx, &pkey, EVP_sha384(), NULL, key) == 1);
	if (pss)
		CHECK(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
		      EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, 48) > 0);
	CHECK(X509_sign_ctx(x, ctx) > 0);
	EVP_MD_CTX_free(ctx);
}

static X509 *begin(const char *name, EVP_PKEY *key, X509 *issuer, long seconds)
{
	X509 *x = X509_new();

	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), seconds);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	return x;
}

static X509 *authority(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by, bool ca,
		       bool usage)
{
	X509 *x = begin(name, key, issuer, 86400);

	add(x, issuer ? issuer : x, NID_basic_constraints, ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (usage)
		add(x, issuer ? issuer : x, NID_key_usage, "critical,keyCertSign");
	sign(x, by, true);
	return x;
}

X509 *verify_case_other_root(void)
{
	keys();
	return authority("ARK-Genoa", other_key, NULL, other_key, true, true);
}

static X509 *leaf(const struct verify_case *c, X509 *middle)
{
	static const char *const oid[] = {"3.1", "3.2", "3.4", "3.5", "3.6", "3.7", "3.3", "3.8"};
	X509 *x = begin(c->leaf_name, leaf_key, middle, c->valid_for);
	uint8_t octets[66] = {V_ASN1_OCTET_STRING, (uint8_t)c->hwid_size};

	add_text(x, "2", c->product);
	for (unsigned i = 0; i < 8; i++)
		add_part(x, oid[i], c->leaf_tcb[i]);
	if (c->fmc)
		add_part(x, "3.9", 1);
	if (c->twice)
		add_part(x, "3.1", 255);
	memcpy(octets + 2, c->hwid, c->hwid_size);
	if (!c->vlek)
		add_amd(x, "4", octets + (c->hwid_octets ? 0 : 2),
			c->hwid_size + (c->hwid_octets ? 2 : 0));
	if (c->vlek || c->with_csp)
		add_text(x, "5", "a provider");
	sign(x, c->foreign_leaf ? other_key : middle_key, !c->wrong_padding);
	return x;
}

void verify_case_begin(struct verify_case *c)
{
	static const uint8_t tcb[8] = {9, 1, 0, 0, 0, 0, 23, 0x80};
	struct attestation_report *r = &c->report;

	*c = (struct verify_case){.root_name = "ARK-Genoa",
				  .middle_name = "SEV-Genoa",
				  .leaf_name = "SEV-VCEK",
				  .product = "Genoa",
				  .hwid_size = 64,
				  .valid_for = 3600};
	for (unsigned i = 0; i < 64; i++)
		c->hwid[i] = r->chip_id[i] = (uint8_t)(0x5a + i);
	memcpy(c->leaf_tcb, tcb, 8);
	r->version = 3;
	r->policy = 0x30000;
	r->vmpl = 2;
	r->signature_algo = 1;
	r->platform_info = 0x25;
	memcpy(r->current_tcb, tcb, 8);
	memcpy(r->reported_tcb, tcb, 8);
	memcpy(r->committed_tcb, tcb, 8);
	memcpy(r->launch_tcb, tcb, 8);
	r->cpuid_family = 0x19;
	r->cpuid_model = 0x11;
	memset(r->measurement, 0xaa, sizeof(r->measurement));
	memset(r->report_data, 0xdd, sizeof(r->report_data));
	memset(r->report_id_ma, 0xff, sizeof(r->report_id_ma));
}

static void sign_report(struct attestation_report *r)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[256];
	const uint8_t *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	CHECK(EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, leaf_key) == 1 &&
	      EVP_DigestSign(ctx, der, &n, (const uint8_t *)r, 0x2a0) == 1);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	BN_bn2lebinpad(ECDSA_SIG_get0_r(sig), r->signature_r, 72);
	BN_bn2lebinpad(ECDSA_SIG_get0_s(sig), r->signature_s, 72);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

void verify_case_sign(struct verify_case *c)
{
	struct evidence *e = &c->evidence;
	X509 *root, *middle;

	keys();
	root = authority(c->root_name, root_key, NULL, root_key, true, true);
	middle = authority(c->middle_name, middle_key, root, root_key, !c->not_ca, !c->no_usage);
	sign_report(&c->report);
	X509_up_ref(root);
	*e = (struct evidence){.report = {(uint8_t *)&c->report, sizeof(c->report)},
			       .chain = {.x = {leaf(c, middle), middle, root}, .n = 3},
			       .root = {.x = {root}, .n = 1},
			       .now = time(NULL)};
}

const char *verify_case_refused_by(struct verify_case *c)
{
	const struct verdict_line *refusal;
	bool ok;

	verdict_free(&c->verdict);
	ok = verify(&c->evidence, &c->wanted, &c->verdict);
	refusal = verdict_refusal(&c->verdict);
	CHECK_EQ(ok, !refusal);
	return refusal ? refusal->check : "";
}

void verify_case_end(struct verify_case *c)
{
	verdict_free(&c->verdict);
	certificates_free(&c->evidence.chain);
	certificates_free(&c->evidence.root);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The chain, by AMD's rules (57230) and not by those of the web: each certificate is signed by
 * RSA-PSS with SHA-384 and 48 bytes of salt, and each name has its place. The root is the one that
 * was given; one that came with the report is compared with it and not relied on.
 */
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "harness/verify/amd_root.h"
#include "harness/verify/report_checks.h"

#define CA_BITS    4096
#define SALT_BYTES 48
#define NAME_SIZE  64

/* The roots that there are, and how their processors count. */
static const struct {
	const char *name;
	bool turin;
} products[] = {{"Milan", false}, {"Genoa", false}, {"Turin", true}};

/* The signature over x is of that form and by this key. */
static bool signed_by(const X509 *x, EVP_PKEY *key)
{
	const ASN1_BIT_STRING *signature;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey = NULL;
	uint8_t *tbs = NULL;
	int n = i2d_re_X509_tbs((X509 *)x, &tbs); /* libcrypto lacks the const */
	bool ok;

	X509_get0_signature(&signature, NULL, x);
	ok = ctx && n > 0 && X509_get_signature_nid(x) == NID_rsassaPss &&
	     EVP_DigestVerifyInit(ctx, &pkey, EVP_sha384(), NULL, key) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, SALT_BYTES) > 0 &&
	     EVP_PKEY_CTX_set_rsa_mgf1_md(pkey, EVP_sha384()) > 0 &&
	     EVP_DigestVerify(ctx, ASN1_STRING_get0_data(signature),
			      (size_t)ASN1_STRING_length(signature), tbs, (size_t)n) == 1;
	OPENSSL_free(tbs);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* A certificate that may sign others, with a key as AMD's have. */
static const char *no_authority(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) != CA_BITS)
		return "its key is none of RSA with 4096 bits";
	if (X509_check_ca(x) != 1)
		return "it is not said to be a certificate authority (CA:TRUE)";
	if (!(X509_get_extension_flags(x) & EXFLAG_KUSAGE) ||
	    !(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
		return "it is not said that its key may sign certificates (keyCertSign)";
	return NULL;
}

/* What is wrong with x, which issuer has to have signed. NULL: nothing. */
static const char *wrong_link(X509 *x, X509 *issuer, time_t now)
{
	if (X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) != 0)
		return "it names another issuer";
	if (!signed_by(x, X509_get0_pubkey(issuer)))
		return "its signature (RSA-PSS, SHA-384, 48 bytes of salt) is not that issuer's";
	if (X509_cmp_time(X509_get0_notBefore(x), &now) >= 0)
		return "it is not valid yet: look at this machine's clock";
	if (X509_cmp_time(X509_get0_notAfter(x), &now) <= 0)
		return "it is not valid any more: take a newer one from AMD";
	return NULL;
}

static bool product_of(const char *root, struct signer *s)
{
	for (size_t i = 0; i < ARRAY_LEN(products); i++) {
		if (strncmp(root, "ARK-", 4) != 0 || strcmp(root + 4, products[i].name) != 0)
			continue;
		s->product = products[i].name;
		s->turin = products[i].turin;
	}
	return s->product;
}

static bool root_checked(const struct evidence *e, struct signer *s, struct verdict *v)
{
	X509 *root = e->root.x[0], *theirs;
	char name[NAME_SIZE];
	const char *wrong;

	if (e->root.n != 1)
		return verdict_refuse(
			v, "root",
			e->root.n ? "%u certificates, where one is to be trusted: give AMD's ARK "
				    "alone"
				  : "%u were given: one that comes with a report proves nothing. "
				    "Give AMD's ARK, or for a report of a test its test root, by "
				    "--root",
			e->root.n);
	certificates_common(root, name, sizeof(name));
	if (!product_of(name, s))
		return verdict_refuse(
			v, "root",
			"the certificate given is named \"%s\", where a root is ARK-Milan, "
			"ARK-Genoa or ARK-Turin: give the ARK by --root",
			name);
	wrong = no_authority(root);
	wrong = wrong ? wrong : wrong_link(root, root, e->now);
	if (wrong)
		return verdict_refuse(v, "root", "%s: %s", name, wrong);
	theirs = certificates_named(&e->chain, name);
	if (theirs && X509_cmp(theirs, root) != 0)
		return verdict_refuse(v, "root",
				      "the report came with another %s than the one that is to be "
				      "trusted: somebody else's root has signed it",
				      name);
	v->test_root = !amd_root(root);
	return verdict_ok(v, "root",
			  v->test_root ? "%s, a TEST ROOT and none of AMD's: whoever made it signs "
					 "what he likes, as harness/psp does (docs/psp.md)"
				       : "%s, AMD's",
			  name);
}

/* The authority between root and leaf: SEV-Genoa signs VCEKs, SEV-VLEK-Genoa VLEKs. */
static bool middle_checked(const struct evidence *e, struct signer *s, X509 **middle,
			   struct verdict *v)
{
	const char *wrong, *check = s->vlek ? "ASVK" : "ASK";
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), s->vlek ? "SEV-VLEK-%s" : "SEV-%s", s->product);
	*middle = certificates_named(&e->chain, name);
	if (!*middle)
		return verdict_refuse(
			v, check,
			"there is no certificate %s in the chain: give it by --chain, "
			"from the host's table or from AMD",
			name);
	wrong = no_authority(*middle);
	wrong = wrong ? wrong : wrong_link(*middle, e->root.x[0], e->now);
	if (wrong)
		return verdict_refuse(v, check, "%s: %s", name, wrong);
	return verdict_ok(v, check, "%s, signed by the root", name);
}

static bool leaf_checked(const struct evidence *e, struct signer *s, X509 *middle,
			 struct verdict *v)
{
	const char *check = s->vlek ? "VLEK" : "VCEK", *wrong;
	char group[NAME_SIZE] = "", name[NAME_SIZE];
	EVP_PKEY *key;

	snprintf(name, sizeof(name), "SEV-%s", check);
	s->leaf = certificates_named(&e->chain, name);
	if (!s->leaf)
		return verdict_refuse(v, check,
				      "the report is signed by a %s, and the chain has none: give "
				      "the %s certificate by --chain",
				      check, check);
	wrong = wrong_link(s->leaf, middle, e->now);
	if (wrong)
		return verdict_refuse(v, check, "%s: %s", name, wrong);
	key = X509_get0_pubkey(s->leaf);
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
	    OBJ_sn2nid(group) != NID_secp384r1)
		return verdict_refuse(v, check, "%s: its key is none of ECDSA on P-384", name);
	return verdict_ok(v, check, "%s, signed by the %s", name, s->vlek ? "ASVK" : "ASK");
}

bool chain_checked(const struct evidence *e, const struct attestation_report *r, struct signer *s,
		   struct verdict *v)
{
	unsigned key = r->key_info >> 2 & 7;
	X509 *middle;

	if (key == REPORT_KEY_NONE)
		return verdict_refuse(
			v, "signature",
			"nobody has signed this report: the host masks its chip's key "
			"(MASK_CHIP_KEY), so ask for another host");
	if (key > 1)
		return verdict_refuse(
			v, "signature",
			"SIGNING_KEY is %u, where 0 is a VCEK and 1 a VLEK: use a newer "
			"verifier",
			key);
	s->vlek = key == 1;
	return root_checked(e, s, v) && middle_checked(e, s, &middle, v) &&
	       leaf_checked(e, s, middle, v);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Certificates of the test chain: signatures, names and extensions as AMD's "VCEK Certificate and
 * KDS Interface Specification" (57230) has them.
 *
 * sources: harness/psp/certificate.c harness/psp/endorsement_key.c harness/core/psp_config.c
 * sources: launch/profiles/words.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/psp/certificate.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define KEY_BITS 2048 /* the chain's have 4096, which take seconds to make */

static struct psp_config config;
static EVP_PKEY *ark_key, *ask_key, *vcek_key;
static X509 *ark, *ask, *vcek;
static const uint8_t secret[PSP_SECRET] = "a secret";

static EVP_PKEY *key_of(const struct psp_config *c, enum endorsement which)
{
	uint8_t root[PSP_SECRET];

	CHECK(endorsement_root(secret, c, which, root));
	return endorsement_key(root, c->tcb);
}

static void begin(void)
{
	if (ark)
		return;
	psp_config_default(&config);
	config.parts.bootloader = config.tcb[0] = 0x80;
	ark_key = EVP_RSA_gen(KEY_BITS);
	ask_key = EVP_RSA_gen(KEY_BITS);
	vcek_key = key_of(&config, ENDORSEMENT_VCEK);
	ark = certificate_ca("Genoa", CERTIFICATE_ARK, ark_key, NULL, ark_key);
	ask = certificate_ca("Genoa", CERTIFICATE_ASK, ask_key, ark, ark_key);
	vcek = certificate_endorsement(&config, ENDORSEMENT_VCEK, vcek_key, ask, ask_key);
	CHECK(ark && ask && vcek);
}

/* As `openssl verify -x509_strict` does. */
static bool chain_holds(X509 *root, X509 *middle, X509 *leaf)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *more = sk_X509_new_null();
	bool ok;

	X509_STORE_add_cert(store, root);
	X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
	sk_X509_push(more, middle);
	X509_STORE_CTX_init(ctx, store, leaf, more);
	ok = X509_verify_cert(ctx) == 1;
	sk_X509_free(more);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return ok;
}

TEST(the_chain_holds_and_no_other)
{
	X509 *other;

	begin();
	CHECK(chain_holds(ark, ask, vcek));
	other = certificate_ca("Genoa", CERTIFICATE_ARK, ask_key, NULL, ask_key);
	CHECK(!chain_holds(other, ask, vcek));
	X509_free(other);
	/* By a key that is not the ASK's. */
	other = certificate_endorsement(&config, ENDORSEMENT_VCEK, vcek_key, ask, ark_key);
	CHECK(!chain_holds(ark, ask, other));
	X509_free(other);
}

static void check_common_name(X509 *x, const char *want)
{
	char text[64] = "";

	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, text, sizeof(text));
	CHECK_STR(text, want);
}

TEST(names_and_signatures)
{
	begin();
	check_common_name(ark, "ARK-Genoa");
	check_common_name(ask, "SEV-Genoa");
	check_common_name(vcek, "SEV-VCEK");
	CHECK_EQ(X509_get_signature_nid(vcek), NID_rsassaPss);
	CHECK_EQ(X509_get_version(vcek), 2);
	CHECK_EQ(X509_check_ca(ark), 1);
	CHECK_EQ(X509_check_ca(ask), 1);
}

/* The bytes of AMD's extension, or NULL. */
static const ASN1_OCTET_STRING *amd(X509 *x, const char *end)
{
	char oid[64];
	ASN1_OBJECT *object;
	int at;

	snprintf(oid, sizeof(oid), "1.3.6.1.4.1.3704.1.%s", end);
	object = OBJ_txt2obj(oid, 1);
	at = X509_get_ext_by_OBJ(x, object, -1);
	ASN1_OBJECT_free(object);
	return at < 0 ? NULL : X509_EXTENSION_get_data(X509_get_ext(x, at));
}

static void check_amd(X509 *x, const char *end, const void *bytes, size_t n)
{
	const ASN1_OCTET_STRING *s = amd(x, end);

	check_context("extension %s", end);
	if (CHECK(s) && CHECK_EQ(ASN1_STRING_length(s), n))
		CHECK_MEM(ASN1_STRING_get0_data(s), bytes, n);
}

TEST(what_a_vcek_says)
{
	begin();
	check_amd(vcek, "1", "\x02\x01\x00", 3);
	check_amd(vcek, "2", "\x16\x05Genoa", 7);
	check_amd(vcek, "3.1", "\x02\x02\x00\x80", 4);
	check_amd(vcek, "3.2", "\x02\x01\x00", 3);
	check_amd(vcek, "3.3", "\x02\x01\x17", 3);
	check_amd(vcek, "3.4", "\x02\x01\x00", 3);
	check_amd(vcek, "3.7", "\x02\x01\x00", 3);
	check_amd(vcek, "3.8", "\x02\x01\x48", 3);
	check_amd(vcek, "4", config.chip_id, 64);
	CHECK(!amd(vcek, "5")); /* CSP_ID is a VLEK's */
	/* All but AMD's own are the issuer's key: go-sev-guest takes no other. */
	CHECK_EQ(X509_get_ext_count(vcek), 12);
	CHECK(X509_get_ext_by_NID(vcek, NID_authority_key_identifier, -1) >= 0);
	CHECK(config.chip_id[0] != 2 && config.chip_id[0] != 4);
}

/* A VLEK belongs to a cloud: CSP_ID and no HWID, below the ASVK. */
TEST(what_a_vlek_says)
{
	EVP_PKEY *asvk_key, *vlek_key;
	X509 *asvk, *vlek;

	begin();
	strcpy(config.vlek, "Cloud 1");
	asvk_key = EVP_RSA_gen(KEY_BITS);
	vlek_key = key_of(&config, ENDORSEMENT_VLEK);
	asvk = certificate_ca("Genoa", CERTIFICATE_ASVK, asvk_key, ark, ark_key);
	vlek = certificate_endorsement(&config, ENDORSEMENT_VLEK, vlek_key, asvk, asvk_key);
	check_common_name(asvk, "SEV-VLEK-Genoa");
	check_common_name(vlek, "SEV-VLEK");
	CHECK(chain_holds(ark, asvk, vlek));
	CHECK(!chain_holds(ark, ask, vlek));
	check_amd(vlek, "5",
		  "\x16\x07"
		  "Cloud 1",
		  9);
	check_amd(vlek, "3.8", "\x02\x01\x48", 3);
	CHECK(!amd(vlek, "4"));
	CHECK(EVP_PKEY_eq(vlek_key, vcek_key) != 1);
	X509_free(vlek);
	X509_free(asvk);
	EVP_PKEY_free(vlek_key);
	EVP_PKEY_free(asvk_key);
	*config.vlek = '\0';
}

/* Turin has a version of its FMC, and names its chip in 8 bytes. */
TEST(a_turin)
{
	struct psp_config c;
	X509 *x;

	begin();
	psp_config_default(&c);
	CHECK(!psp_config_set(&c, "product=Turin"));
	CHECK(!psp_config_set(&c, "tcb=1.2.3.4.5"));
	CHECK_MEM(c.tcb, "\x01\x02\x03\x04\x00\x00\x00\x05", 8);
	x = certificate_endorsement(&c, ENDORSEMENT_VCEK, vcek_key, ask, ask_key);
	check_amd(x, "3.1", "\x02\x01\x02", 3);
	check_amd(x, "3.3", "\x02\x01\x04", 3);
	check_amd(x, "3.8", "\x02\x01\x05", 3);
	check_amd(x, "3.9", "\x02\x01\x01", 3);
	check_amd(x, "4", c.chip_id, 8);
	check_amd(x, "2", "\x16\x05Turin", 7);
	X509_free(x);
}

/* As the firmware's, a key is another one for another chip and for another TCB, and the same
 * again. */
TEST(a_vcek_is_of_one_chip_and_one_tcb)
{
	struct psp_config c;
	EVP_PKEY *a, *b;

	psp_config_default(&c);
	a = key_of(&c, ENDORSEMENT_VCEK);
	b = key_of(&c, ENDORSEMENT_VCEK);
	CHECK_EQ(EVP_PKEY_eq(a, b), 1);
	EVP_PKEY_free(b);
	c.chip_id[63] ^= 1;
	b = key_of(&c, ENDORSEMENT_VCEK);
	CHECK(EVP_PKEY_eq(a, b) != 1);
	EVP_PKEY_free(b);
	b = key_of(&c, ENDORSEMENT_VLEK);
	c.chip_id[63] ^= 1;
	CHECK(EVP_PKEY_eq(a, b) != 1);
	EVP_PKEY_free(b);
	c.tcb[7]++;
	b = key_of(&c, ENDORSEMENT_VCEK);
	CHECK(EVP_PKEY_eq(a, b) != 1);
	EVP_PKEY_free(b);
	EVP_PKEY_free(a);
}

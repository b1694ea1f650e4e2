/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Manifests (SVSM specification, chapter 7) and what hangs on them: REPORT_DATA of nonce and
 * manifest, and a quote by a key of the manifest. Hostile ones are refused whatever they say.
 *
 * sources: harness/verify/verify.c harness/verify/verdict.c harness/verify/report_form.c
 * sources: harness/verify/chain_checked.c harness/verify/leaf_read.c harness/verify/leaf_fits.c
 * sources: harness/verify/policy_allowed.c harness/verify/tcb_wanted.c harness/verify/fields_wanted.c
 * sources: harness/verify/kept_wanted.c
 * sources: harness/verify/manifest_checked.c harness/verify/manifest.c harness/verify/tpm_public.c
 * sources: harness/verify/certificates.c harness/verify/amd_root.c harness/verbs/quote.c
 * sources: harness/verbs/signature.c launch/profiles/words.c tests/native/verify_case.c
 * libs: -lcrypto -ljansson
 */
#include "tests/native/check.h"
#include "tests/native/verify_case.h"
#include "abi/attest.h"
#include "harness/verify/manifest.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
	uint8_t p[4096];
	size_t n;
};

static void put(struct buffer *b, const void *bytes, size_t n)
{
	memcpy(b->p + b->n, bytes, n);
	b->n += n;
}

/* Big-endian, as a TPM has it. */
static void put_number(struct buffer *b, uint64_t v, size_t n)
{
	while (n--)
		b->p[b->n++] = (uint8_t)(v >> 8 * n);
}

static void put_sized(struct buffer *b, const void *bytes, size_t n)
{
	put_number(b, n, 2);
	put(b, bytes, n);
}

/* TPMT_PUBLIC of the RSA-2048 endorsement key, template L-1 of the EK Credential Profile. */
static void put_ek(struct buffer *b)
{
	uint8_t policy[32] = {0x83}, n[256] = {0xc5};

	n[255] = 1;
	put_number(b, 0x0001000b, 4);
	put_number(b, 0x000300b2, 4);
	put_sized(b, policy, sizeof(policy));
	put_number(b, 0x000600800043, 6); /* AES-128-CFB */
	put_number(b, 0x0010, 2);         /* no scheme */
	put_number(b, 2048, 2);
	put_number(b, 0, 4);
	put_sized(b, n, sizeof(n));
}

static EVP_PKEY *attestation_key;

/* A restricted signing key on P-256, ECDSA with SHA-256. */
static void put_ak(struct buffer *b, uint32_t attributes)
{
	uint8_t point[65];
	size_t n;

	if (!attestation_key)
		attestation_key = EVP_EC_gen("P-256");
	CHECK(EVP_PKEY_get_octet_string_param(attestation_key, OSSL_PKEY_PARAM_PUB_KEY, point,
					      sizeof(point), &n) == 1);
	put_number(b, 0x0023000b, 4);
	put_number(b, attributes, 4);
	put_sized(b, "", 0);
	put_number(b, 0x0010, 2);     /* no cipher */
	put_number(b, 0x0018000b, 4); /* ECDSA, SHA-256 */
	put_number(b, 0x0003, 2);
	put_number(b, 0x0010, 2);
	put_sized(b, point + 1, 32);
	put_sized(b, point + 33, 32);
}

#define AK_ATTRIBUTES                                                                              \
	0x00050072u /* fixedTPM, fixedParent, origin, userWithAuth, restricted, sign */

static void put_version_1(struct buffer *b, uint32_t attributes)
{
	struct buffer key = {.n = 0};

	put_number(b, 1, 4);
	put_number(b, 2, 4);
	put_ek(&key);
	put_sized(b, key.p, key.n);
	key.n = 0;
	put_ak(&key, attributes);
	put_sized(b, key.p, key.n);
}

/* Of two services: one without a manifest, and the vTPM. */
static void put_services(struct buffer *b)
{
	struct attest_manifest_header h = {ATTEST_GUID_SERVICES, 0, 2};
	struct attest_manifest_entry none = {{7}, 0, 0}, vtpm = {ATTEST_GUID_VTPM, 72, 0};
	struct buffer key = {.n = 0};

	put_ek(&key);
	vtpm.size = (uint32_t)key.n;
	h.size = 72 + vtpm.size;
	put(b, &h, sizeof(h));
	put(b, &none, sizeof(none));
	put(b, &vtpm, sizeof(vtpm));
	put(b, key.p, key.n);
}

static const char *wrong(const struct buffer *b)
{
	struct manifest m;

	return manifest_read((struct blob){b->p, b->n}, &m);
}

TEST(the_three_forms)
{
	struct buffer b[3] = {0};
	struct manifest m;

	put_ek(&b[0]);
	CHECK_EQ(b[0].n, 314); /* as libtpms and COCONUT-SVSM have it */
	CHECK(!manifest_read((struct blob){b[0].p, b[0].n}, &m));
	CHECK_EQ(m.form, MANIFEST_VTPM_0);
	CHECK_STR(tpm_public_name(&m.key[0]), "RSA-2048");
	put_version_1(&b[1], AK_ATTRIBUTES);
	CHECK(!manifest_read((struct blob){b[1].p, b[1].n}, &m));
	CHECK_EQ(m.form, MANIFEST_VTPM_1);
	CHECK_EQ(m.keys, 2);
	CHECK_STR(tpm_public_name(&m.key[1]), "P-256");
	put_services(&b[2]);
	CHECK(!manifest_read((struct blob){b[2].p, b[2].n}, &m));
	CHECK_EQ(m.form, MANIFEST_SERVICES);
	CHECK_EQ(m.services, 2);
	CHECK_EQ(m.keys, 1);
}

/* A size that was changed anywhere, or an end that is missing, is no manifest; nor is more of it.
 */
TEST(cut_short_or_too_long)
{
	struct buffer b[3] = {0};

	put_ek(&b[0]);
	put_version_1(&b[1], AK_ATTRIBUTES);
	put_services(&b[2]);
	for (unsigned i = 0; i < 3; i++) {
		size_t whole = b[i].n;

		for (b[i].n = 0; b[i].n < whole; b[i].n++) {
			/* the very bytes, so that the sanitizer sees a step too far */
			uint8_t *copy = malloc(b[i].n ? b[i].n : 1);
			struct manifest m;

			memcpy(copy, b[i].p, b[i].n);
			if (!CHECK(manifest_read((struct blob){copy, b[i].n}, &m)))
				printf("  form %u, %zu bytes\n", i, b[i].n);
			free(copy);
		}
		b[i].n = whole + 1;
		CHECK(wrong(&b[i]));
	}
}

/* Whatever a byte becomes, reading stays inside; the sanitizer is the judge. */
TEST(any_byte)
{
	struct buffer b[3] = {0};

	put_ek(&b[0]);
	put_version_1(&b[1], AK_ATTRIBUTES);
	put_services(&b[2]);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *copy = malloc(b[i].n);
		struct manifest m;

		for (size_t at = 0; at < b[i].n; at++)
			for (unsigned v = 0; v < 256; v += 5) {
				memcpy(copy, b[i].p, b[i].n);
				copy[at] = (uint8_t)v;
				manifest_read((struct blob){copy, b[i].n}, &m);
				CHECK(m.keys <= MANIFEST_KEYS_MAX);
			}
		free(copy);
	}
}

TEST(what_is_in_it)
{
	struct buffer b = {0};
	struct attest_manifest_header *h = (void *)b.p;
	struct attest_manifest_entry *e = (void *)(b.p + sizeof(*h));

	put_ek(&b);
	b.p[4 + 3] &= (uint8_t)~2; /* fixedTPM is gone: the key was imported */
	CHECK(strstr(wrong(&b), "no endorsement key"));
	b.n = 0;
	put_services(&b);
	e[1].offset = 71; /* in the table */
	CHECK(strstr(wrong(&b), "outside"));
	e[1].offset = UINT32_MAX;
	CHECK(strstr(wrong(&b), "outside"));
	e[1].offset = 72;
	e[0] = e[1];
	CHECK(strstr(wrong(&b), "twice"));
	h->services = UINT32_MAX;
	CHECK(strstr(wrong(&b), "number of services"));
	h->services = 2;
	h->size--;
	CHECK(strstr(wrong(&b), "its size"));
	b.n = 0;
	put_number(&b, 1, 4);
	put_number(&b, 33, 4);
	CHECK(strstr(wrong(&b), "more than 32"));
}

/* ---- the report's data, and the quote ---- */

static uint8_t nonce[ATTEST_NONCE] = {1, 2, 3, 4, 5};

struct evidence_files {
	struct buffer manifest, quote, signature;
};

/* TPMS_ATTEST of sha256:0, whose value is zero. */
static void put_quote(struct buffer *b)
{
	uint8_t pcr[32] = {0}, digest[32];

	EVP_Digest(pcr, sizeof(pcr), digest, NULL, EVP_sha256(), NULL);
	put_number(b, 0xff544347, 4);
	put_number(b, 0x8018, 2);
	put_sized(b, "signer", 6);
	put_sized(b, nonce, sizeof(nonce));
	put_number(b, 0, 8);
	put_number(b, 0, 8);
	put_number(b, 1, 1);
	put_number(b, 0, 8);
	put_number(b, 1, 4);
	put_number(b, 0x000b, 2);
	put_number(b, 0x03010000, 4);
	put_sized(b, digest, sizeof(digest));
}

static void sign_quote(const struct buffer *quote, struct buffer *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128], r[32], s[32];
	const uint8_t *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, attestation_key);
	CHECK(EVP_DigestSign(ctx, der, &n, quote->p, quote->n) == 1);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, 32);
	put_number(out, 0x0018000b, 4);
	put_sized(out, r, 32);
	put_sized(out, s, 32);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

static void begin(struct verify_case *c, struct evidence_files *f, uint32_t attributes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	*f = (struct evidence_files){0};
	put_version_1(&f->manifest, attributes);
	put_quote(&f->quote);
	sign_quote(&f->quote, &f->signature);
	verify_case_begin(c);
	c->report.vmpl = 0;
	EVP_DigestInit_ex(ctx, EVP_sha512(), NULL);
	EVP_DigestUpdate(ctx, nonce, sizeof(nonce));
	EVP_DigestUpdate(ctx, f->manifest.p, f->manifest.n);
	EVP_DigestFinal_ex(ctx, c->report.report_data, NULL);
	EVP_MD_CTX_free(ctx);
	c->wanted.nonce = (struct bytes){nonce, sizeof(nonce)};
	c->wanted.manifest = (struct bytes){f->manifest.p, f->manifest.n};
	c->wanted.quote = (struct bytes){f->quote.p, f->quote.n};
	c->wanted.quote_signature = (struct bytes){f->signature.p, f->signature.n};
}

TEST(bound_from_report_to_quote)
{
	uint8_t zero[32] = {0}, one[32] = {1}, other[ATTEST_NONCE] = {5, 4, 3, 2, 1};
	struct evidence_files f;
	struct verify_case c;

	begin(&c, &f, AK_ATTRIBUTES);
	verify_case_sign(&c);
	CHECK_STR(verify_case_refused_by(&c), "");
	c.wanted.pcrs = (struct wanted_pcrs){.bank = "sha256", .mask = 1, .value[0] = {zero, 32}};
	CHECK_STR(verify_case_refused_by(&c), "");
	c.wanted.pcrs.value[0].p = one;
	CHECK_STR(verify_case_refused_by(&c), "quote");
	c.wanted.pcrs = (struct wanted_pcrs){.bank = "sha256", .mask = 2, .value[1] = {zero, 32}};
	CHECK_STR(verify_case_refused_by(&c), "quote");
	c.wanted.pcrs = (struct wanted_pcrs){0};
	c.wanted.quote_nonce = (struct bytes){other, sizeof(other)};
	CHECK_STR(verify_case_refused_by(&c), "quote");
	c.wanted.quote_nonce = (struct bytes){0};
	f.quote.p[20] ^= 1;
	CHECK_STR(verify_case_refused_by(&c), "quote");
	f.quote.p[20] ^= 1;
	c.wanted.nonce.p = other;
	CHECK_STR(verify_case_refused_by(&c), "report data");
	c.wanted.nonce.p = nonce;
	f.manifest.p[f.manifest.n - 1] ^= 1;
	CHECK_STR(verify_case_refused_by(&c), "report data");
	f.manifest.p[f.manifest.n - 1] ^= 1;
	c.wanted.nonce.n--;
	CHECK_STR(verify_case_refused_by(&c), "report data");
	verify_case_end(&c);
}

/* SHA-512 of nonce and manifest is the same wherever the border is: neither lends the other a byte.
 */
TEST(the_border_does_not_move)
{
	static uint8_t joined[sizeof(nonce) + sizeof(((struct buffer *)0)->p)];
	struct evidence_files f;
	struct verify_case c;
	size_t all;

	begin(&c, &f, AK_ATTRIBUTES);
	verify_case_sign(&c);
	memcpy(joined, nonce, sizeof(nonce));
	memcpy(joined + sizeof(nonce), f.manifest.p, f.manifest.n);
	all = sizeof(nonce) + f.manifest.n;
	for (size_t border = 0; border < sizeof(nonce) + 16; border++) {
		c.wanted.nonce = (struct bytes){joined, border};
		c.wanted.manifest = (struct bytes){joined + border, all - border};
		CHECK_STR(verify_case_refused_by(&c), border == sizeof(nonce) ? "" : "report data");
	}
	verify_case_end(&c);
}

/* A guest can have its own report, and put SHA-512(nonce || manifest) into it. */
TEST(a_manifest_is_vmpl_0)
{
	struct evidence_files f;
	struct verify_case c;

	begin(&c, &f, AK_ATTRIBUTES);
	c.report.vmpl = 2;
	verify_case_sign(&c);
	CHECK_STR(verify_case_refused_by(&c), "VMPL");
	c.wanted.has_vmpl = true; /* whatever else is asked for */
	c.wanted.vmpl = 2;
	CHECK_STR(verify_case_refused_by(&c), "VMPL");
	verify_case_end(&c);
}

/* A key that signs what its user likes could sign a made-up quote. */
TEST(a_key_that_is_not_restricted)
{
	struct evidence_files f;
	struct verify_case c;

	begin(&c, &f, AK_ATTRIBUTES & ~0x10000u);
	verify_case_sign(&c);
	CHECK_STR(verify_case_refused_by(&c), "quote");
	CHECK(strstr(verdict_refusal(&c.verdict)->text, "version 1"));
	verify_case_end(&c);
}

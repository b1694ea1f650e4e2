/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The judge of quotes: what libcrypto signs passes, and no single changed bit does.
 *
 * sources: harness/verbs/quote.c harness/verbs/signature.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/verbs/quote.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ui.h>
#include <stdlib.h>
#include <string.h>

/* ---- a TPM of three functions ---- */

struct buffer {
	unsigned char p[1024];
	size_t n;
};

static void put(struct buffer *b, const void *bytes, size_t n)
{
	memcpy(b->p + b->n, bytes, n);
	b->n += n;
}

static void put_number(struct buffer *b, uint64_t v, size_t n)
{
	while (n--)
		b->p[b->n++] = (unsigned char)(v >> 8 * n);
}

static void put_sized(struct buffer *b, const void *bytes, size_t n)
{
	put_number(b, n, 2);
	put(b, bytes, n);
}

static const unsigned char nonce[] = {1, 2, 3, 4, 5};

struct made {
	struct buffer attest, signature, pcrs;
	char *pem;
	long pem_size;
	BIO *bio;
};

/* TPMS_ATTEST for sha256:0,16 */
static void make_attest(struct made *m)
{
	unsigned char digest[32];

	for (unsigned i = 0; i < 64; i++)
		put_number(&m->pcrs, i * 3, 1);
	EVP_Digest(m->pcrs.p, m->pcrs.n, digest, NULL, EVP_sha256(), NULL);
	put_number(&m->attest, 0xff544347, 4);
	put_number(&m->attest, 0x8018, 2);
	put_sized(&m->attest, "name of the signer", 18);
	put_sized(&m->attest, nonce, sizeof(nonce));
	put_number(&m->attest, 0x1122334455667788, 8); /* clock, resets, restarts, safe, firmware */
	put_number(&m->attest, 7, 4);
	put_number(&m->attest, 9, 4);
	put_number(&m->attest, 1, 1);
	put_number(&m->attest, 0x2024, 8);
	put_number(&m->attest, 1, 4);
	put_number(&m->attest, ALG_SHA256, 2);
	put_number(&m->attest, 3, 1);
	put_number(&m->attest, 0x010001, 3);
	put_sized(&m->attest, digest, sizeof(digest));
}

static void make_signature(struct made *m, EVP_PKEY *key, unsigned scheme)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey;
	unsigned char sig[512], part[32];
	const unsigned char *p = sig;
	size_t n = sizeof(sig);

	EVP_DigestSignInit(ctx, &pkey, EVP_sha256(), NULL, key);
	if (scheme == ALG_RSAPSS)
		EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING);
	CHECK(EVP_DigestSign(ctx, sig, &n, m->attest.p, m->attest.n) == 1);
	put_number(&m->signature, scheme, 2);
	put_number(&m->signature, ALG_SHA256, 2);
	if (scheme != ALG_ECDSA) {
		put_sized(&m->signature, sig, n);
	} else {
		ECDSA_SIG *rs = d2i_ECDSA_SIG(NULL, &p, (long)n);

		BN_bn2binpad(ECDSA_SIG_get0_r(rs), part, sizeof(part));
		put_sized(&m->signature, part, sizeof(part));
		BN_bn2binpad(ECDSA_SIG_get0_s(rs), part, sizeof(part));
		put_sized(&m->signature, part, sizeof(part));
		ECDSA_SIG_free(rs);
	}
	EVP_MD_CTX_free(ctx);
}

static void make(struct made *m, unsigned scheme)
{
	EVP_PKEY *key = scheme == ALG_ECDSA ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);

	memset(m, 0, sizeof(*m));
	make_attest(m);
	make_signature(m, key, scheme);
	m->bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PUBKEY(m->bio, key);
	m->pem_size = BIO_get_mem_data(m->bio, &m->pem);
	EVP_PKEY_free(key);
}

static struct quote quote_of(const struct made *m)
{
	return (struct quote){
		.pem = {(unsigned char *)m->pem, (size_t)m->pem_size},
		.attest = {m->attest.p, m->attest.n},
		.signature = {m->signature.p, m->signature.n},
		.pcrs = {m->pcrs.p, m->pcrs.n},
		.nonce = {nonce, sizeof(nonce)},
		.selection = "sha256:0,16",
	};
}

/* ---- what must pass, and what must not ---- */

static const unsigned schemes[] = {ALG_RSASSA, ALG_RSAPSS, ALG_ECDSA};

TEST(quote_sound)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct made m;
		struct quote q;

		make(&m, schemes[i]);
		q = quote_of(&m);
		CHECK(quote_wrong(&q) == NULL);
		BIO_free(m.bio);
	}
}

/* A changed bit spoils the quote: one in five bits, which comes to each place of a byte. */
static void each_bit(const struct quote *q, struct buffer *b)
{
	for (size_t bit = 0; bit < b->n * 8; bit += 5) {
		b->p[bit / 8] ^= (unsigned char)(1 << bit % 8);
		CHECK(quote_wrong(q) != NULL);
		b->p[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

TEST(quote_no_bit_may_change)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct made m;
		struct quote q;

		make(&m, schemes[i]);
		q = quote_of(&m);
		each_bit(&q, &m.attest);
		each_bit(&q, &m.signature);
		each_bit(&q, &m.pcrs);
		CHECK(quote_wrong(&q) == NULL);
		BIO_free(m.bio);
	}
}

/* A copy of its own, so that the sanitizer sees a byte read past the end. */
static void cut(const struct quote *q, struct blob *b)
{
	struct blob whole = *b;

	for (size_t n = 0; n < whole.n; n++) {
		unsigned char *copy = malloc(n + !n);

		memcpy(copy, whole.p, n);
		*b = (struct blob){copy, n};
		CHECK(quote_wrong(q) != NULL);
		free(copy);
	}
	*b = whole;
}

TEST(quote_cut_short)
{
	struct made m;
	struct quote q;

	make(&m, ALG_ECDSA);
	q = quote_of(&m);
	cut(&q, &q.attest);
	cut(&q, &q.signature);
	cut(&q, &q.pcrs);
	cut(&q, &q.nonce);
	q.pem.n /= 2;
	CHECK_STR(quote_wrong(&q), "the public key is no PEM key");
	BIO_free(m.bio);
}

static unsigned asked;

static int ask(UI *ui UNUSED)
{
	asked++;
	return 0;
}

/* The target's file must not make the harness wait for somebody at the terminal. */
TEST(a_key_that_wants_a_pass_phrase_is_no_key)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n"
				  "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
				  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMFkwEwYHKoZIzj0CAQYI\n"
				  "-----END PUBLIC KEY-----\n";
	UI_METHOD *terminal = UI_create_method("terminal");
	struct quote q;
	struct made m;

	UI_method_set_opener(terminal, ask);
	UI_set_default_method(terminal);
	make(&m, ALG_ECDSA);
	q = quote_of(&m);
	q.pem = (struct blob){(const unsigned char *)pem, sizeof(pem) - 1};
	CHECK_STR(quote_wrong(&q), "the public key is no PEM key");
	CHECK_EQ(asked, 0);
	UI_set_default_method(NULL);
	UI_destroy_method(terminal);
	BIO_free(m.bio);
}

/* Signed by the right key, but not what was asked for: only the contents can tell. */
static void resigned(size_t at, unsigned char bits, const char *want)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made m = {0};
	struct quote q;

	make_attest(&m);
	m.attest.p[at] ^= bits;
	make_signature(&m, key, ALG_ECDSA);
	m.bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PUBKEY(m.bio, key);
	m.pem_size = BIO_get_mem_data(m.bio, &m.pem);
	q = quote_of(&m);
	CHECK_STR(quote_wrong(&q), want);
	BIO_free(m.bio);
	EVP_PKEY_free(key);
}

TEST(quote_signed_but_something_else)
{
	enum {
		NONCE = 4 + 2 + 2 + 18 + 2,
		COUNT = NONCE + 5 + 17 + 8
	};

	resigned(0, 1, "it does not start as what a TPM generates");
	resigned(5, 1, "it is no quote");
	resigned(7, 0xff, "the quote is cut short");
	resigned(NONCE, 1, "the nonce is another one");
	resigned(COUNT + 3, 3, "it quotes other PCRs");
	resigned(COUNT + 5, 7, "it quotes other PCRs");
	resigned(COUNT + 7, 2, "it quotes other PCRs");
	resigned(COUNT + 10, 1, "the quote is cut short or too long");
	resigned(COUNT + 12, 1, "the PCR digest is not that of the PCR values");
}

TEST(quote_question_that_is_none)
{
	static const char *const bad[] = {"",          "sha256",      "sha256:",   "sha256:24",
					  "sha256:0,", "sha256:0;16", "md5:0,16",  ":0,16",
					  "sha256:x",  "sha256:-1",   "sha256 :0", "sha256:0,,16"};
	struct made m;
	struct quote q;

	make(&m, ALG_ECDSA);
	q = quote_of(&m);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		q.selection = bad[i];
		CHECK_STR(quote_wrong(&q), "no selection of PCRs was given");
	}
	q.selection = "sha1:0,16";
	CHECK_STR(quote_wrong(&q), "it quotes other PCRs");
	q.selection = "sha256:0,17";
	CHECK_STR(quote_wrong(&q), "it quotes other PCRs");
	BIO_free(m.bio);
}

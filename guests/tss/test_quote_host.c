/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Quotes that leave the guest: the host judges the bytes, with code that saw no TPM. */
#include <stdio.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "tss/attest.h"
#include "tss/crypto.h"
#include "tss/pcr.h"

#define PCRS       ((1u << PCR_DEBUG) | 1u << 7 | 1u)
#define PCRS_WORDS "sha256:0,7,16"

static void put_pem(const TPM2B_PUBLIC *public)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text;
	long len;

	REQUIRE(memory && PEM_write_bio_PUBKEY(memory, crypto_public(public)) == 1);
	len = BIO_get_mem_data(memory, &text);
	REQUIRE(external_put("tss-ak.pem", text, (size_t)len));
}

static void put_signature(const TPMT_SIGNATURE *signature)
{
	uint8_t bytes[sizeof(*signature)];
	size_t len = 0;

	OK(Tss2_MU_TPMT_SIGNATURE_Marshal(signature, bytes, sizeof(bytes), &len));
	REQUIRE(external_put("tss-quote.sig", bytes, len));
}

static void put_pcrs(void)
{
	static const unsigned numbers[] = {0, 7, PCR_DEBUG};
	uint8_t values[3 * 32];

	for (unsigned i = 0; i < 3; i++) {
		TPM2B_DIGEST one = pcr_read(TPM2_ALG_SHA256, numbers[i]);

		memcpy(values + 32 * i, one.buffer, 32);
	}
	REQUIRE(external_put("tss-pcrs.raw", values, sizeof(values)));
}

/* The host's words on the files as they lie there. */
static void ask(const TPM2B_DATA *nonce, char *answer, size_t size)
{
	char request[256];
	int n = snprintf(request, sizeof(request),
			 "checkquote\ttss-ak.pem tss-quote.msg tss-quote.sig tss-pcrs.raw %s ",
			 PCRS_WORDS);

	for (unsigned i = 0; i < nonce->size; i++)
		n += snprintf(request + n, sizeof(request) - n, "%02x", nonce->buffer[i]);
	external_host(request, answer, size);
}

static void quote(struct key k)
{
	TPML_PCR_SELECTION pcrs = pcr_select(TPM2_ALG_SHA256, PCRS);
	TPM2B_DATA nonce = attest_nonce();
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;
	char answer[512];

	OK(Esys_Quote(tss, k.handle, PASSWORD, &nonce, &attest_own_scheme, &pcrs, &info,
		      &signature));
	put_pem(k.public);
	put_signature(signature);
	put_pcrs();
	REQUIRE(external_put("tss-quote.msg", info->attestationData, info->size));
	ask(&nonce, answer, sizeof(answer));
	if (strcmp(answer, "ok") != 0)
		external_fail(EXTERNAL_HERE, "the host says of the quote: %s", answer);
	nonce.buffer[0] ^= 1;
	ask(&nonce, answer, sizeof(answer));
	if (strncmp(answer, "wrong", 5) != 0)
		external_fail(EXTERNAL_HERE, "of a quote with another nonce: %s", answer);
}

TSS_TEST(quote_host_rsa, "quote-host-rsa", "the host finds an RSA quote good, for that nonce only")
{
	quote(attest_key_rsa());
}

TSS_TEST(quote_host_ecc, "quote-host-ecc", "the host finds a P-256 quote good, for that nonce only")
{
	quote(attest_key_ecc());
}

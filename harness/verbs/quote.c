/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Judges a TPM quote from its bytes: the signature over TPMS_ATTEST, then what is signed (that
 * it is a quote, the nonce, the selection, the digest over the PCR values). The first thing
 * that is wrong is told. All input is the target's, so each field is taken off the front of a
 * bounded blob.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/verbs/quote.h"

#define GENERATED_VALUE 0xff544347u /* TPM_GENERATED_VALUE: no key signs this for outsiders */
#define ATTEST_QUOTE    0x8018u     /* TPM_ST_ATTEST_QUOTE */
#define PCRS            24u

/* One bank's PCRs as a mask. */
struct selection {
	unsigned hash;
	uint32_t mask;
};

/* The hash algorithm of a bank's name, which is n characters long. */
static bool bank(const char *name, size_t n, unsigned *alg)
{
	static const struct {
		const char *name;
		unsigned alg;
	} banks[] = {{"sha1", ALG_SHA1},
		     {"sha256", ALG_SHA256},
		     {"sha384", ALG_SHA384},
		     {"sha512", ALG_SHA512}};

	for (size_t i = 0; i < ARRAY_LEN(banks); i++) {
		if (strlen(banks[i].name) != n || memcmp(banks[i].name, name, n) != 0)
			continue;
		*alg = banks[i].alg;
		return true;
	}
	return false;
}

/* "sha256:0,1,16". False: no bank, no number, or a PCR that no TPM of this profile has. */
static bool parse_selection(const char *text, struct selection *s)
{
	size_t n = strcspn(text, ":");

	s->mask = 0;
	if (!text[n] || !bank(text, n, &s->hash))
		return false;
	for (text += n; *text;) {
		char *end;
		unsigned long pcr = strtoul(text + 1, &end, 10);

		if (end == text + 1 || (*end && *end != ',') || pcr >= PCRS)
			return false;
		s->mask |= 1u << pcr;
		text = end;
	}
	return true;
}

/* TPML_PCR_SELECTION with the one entry that was asked for. */
static bool selection_fits(struct blob *from, const struct selection *want)
{
	uint32_t count, mask = 0;
	struct blob bits;
	unsigned hash, n;

	if (!blob_u32(from, &count) || count != 1 || !blob_u16(from, &hash) || !blob_u8(from, &n) ||
	    n > 4 || !blob_take(from, n, &bits))
		return false;
	for (size_t i = 0; i < bits.n; i++)
		mask |= (uint32_t)bits.p[i] << 8 * i;
	return hash == want->hash && mask == want->mask;
}

/* Two blobs hold the same bytes. Nothing here is secret, so the time may tell where they differ. */
static bool same(struct blob a, struct blob b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

/*
 * The quote holds only a digest: the values are checked by hashing them again in the order of
 * the PCRs.
 */
static const char *pcrs_wrong(const struct quote *q, const struct selection *want,
			      struct blob digest, unsigned hash)
{
	unsigned char mine[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (q->pcrs.n != (size_t)__builtin_popcount(want->mask) *
				 (size_t)EVP_MD_get_size(signature_hash(want->hash)))
		return "the PCR values are not as many bytes as selected";
	if (!EVP_Digest(q->pcrs.p, q->pcrs.n, mine, &n, signature_hash(hash), NULL) ||
	    !same(digest, (struct blob){mine, n}))
		return "the PCR digest is not that of the PCR values";
	return NULL;
}

/* What the signed bytes say. want: NULL where any PCRs will do. hash: the signature's, which the
 * PCR digest uses too. */
static const char *attest_wrong(const struct quote *q, const struct selection *want, unsigned hash)
{
	enum {
		CLOCK_INFO = 8 + 4 + 4 + 1,
		FIRMWARE = 8
	};
	struct blob from = q->attest, signer, nonce, skipped, digest;
	uint32_t magic;
	unsigned type;

	if (!blob_u32(&from, &magic) || magic != GENERATED_VALUE)
		return "it does not start as what a TPM generates";
	if (!blob_u16(&from, &type) || type != ATTEST_QUOTE)
		return "it is no quote";
	if (!blob_sized(&from, &signer) || !blob_sized(&from, &nonce))
		return "the quote is cut short";
	if (!same(nonce, q->nonce))
		return "the nonce is another one";
	if (!blob_take(&from, CLOCK_INFO + FIRMWARE, &skipped))
		return "the quote is cut short";
	if (!want)
		return NULL;
	if (!selection_fits(&from, want))
		return "it quotes other PCRs";
	if (!blob_sized(&from, &digest) || from.n)
		return "the quote is cut short or too long";
	return pcrs_wrong(q, want, digest, hash);
}

/* The signature comes first: bytes that nobody signed are not worth looking into. */
const char *quote_wrong(const struct quote *q)
{
	struct selection want;
	const char *wrong;
	unsigned hash;

	if (q->selection && !parse_selection(q->selection, &want))
		return "no selection of PCRs was given";
	wrong = signature_tpmt_wrong(q->pem, q->signature, q->attest, &hash);
	return wrong ? wrong : attest_wrong(q, q->selection ? &want : NULL, hash);
}

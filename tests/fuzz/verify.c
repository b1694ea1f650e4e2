/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Fuzz target: the parsers of `keelson verify`, which reads what strangers send. The first byte
 * says which of them the rest is for. Whatever it is: no access outside of it, and nothing is
 * accepted, because nobody here has a key.
 */
#include <stdlib.h>
#include <string.h>
#include "harness/verbs/quote.h"
#include "harness/verify/manifest.h"
#include "harness/verify/report_checks.h"
#include "harness/verify/values.h"
#include "harness/verify/verify.h"
#include "tests/fuzz/fuzz.h"

static bool inside(struct blob b, struct blob all)
{
	return !b.n || (b.p >= all.p && b.n <= all.n && b.p - all.p <= (ptrdiff_t)(all.n - b.n));
}

/* Both ways of telling what was found have to bear a stranger's words. */
static void tell(struct verdict *v)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	FUZZ_CHECK(to);
	verdict_print(v, to);
	verdict_print_json(v, to);
	fclose(to);
	free(text);
	verdict_free(v);
}

/* As a chain below each of its own certificates, and each of them as a VCEK and a VLEK. */
static void fuzz_certificates(struct blob in)
{
	struct evidence e = {.now = 1700000000};
	struct attestation_report r = {.version = 3};
	struct verdict v = {0};

	if (!certificates_add(&e.chain, in.p, in.n))
		FUZZ_CHECK(e.chain.n <= CERTIFICATES_MAX);
	for (unsigned i = 0; i < e.chain.n; i++) {
		struct signer s = {.leaf = e.chain.x[i], .product = "Genoa", .vlek = i & 1};
		char name[64];

		certificates_common(e.chain.x[i], name, sizeof(name));
		FUZZ_CHECK(strlen(name) < sizeof(name));
		leaf_read(&s, &v);
		tell(&v);
		v = (struct verdict){0};
		e.root = (struct certificates){.x = {e.chain.x[i]}, .n = 1};
		chain_checked(&e, &r, &s, &v);
		tell(&v);
		v = (struct verdict){0};
	}
	certificates_free(&e.chain);
}

static void fuzz_manifest(struct blob in)
{
	struct manifest m;

	if (manifest_read(in, &m))
		return;
	FUZZ_CHECK(m.keys <= MANIFEST_KEYS_MAX);
	for (unsigned i = 0; i < m.keys; i++) {
		const struct tpm_public *k = &m.key[i];

		FUZZ_CHECK(inside(k->policy, in) && inside(k->n, in) && inside(k->x, in) &&
			   inside(k->y, in));
		FUZZ_CHECK(tpm_public_name(k));
		free(tpm_public_pem(k));
	}
}

/* A signature, 16-bit length first, and behind it what it is said to be of. */
static void fuzz_quote(struct blob in)
{
	static const char pem[] =
		"-----BEGIN PUBLIC KEY-----\n"
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
		"6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
		"-----END PUBLIC KEY-----\n";
	struct blob signature = {0};
	struct quote q = {.pem = {(const unsigned char *)pem, sizeof(pem) - 1},
			  .selection = "sha256:0,4"};

	if (!blob_sized(&in, &signature))
		return;
	q.signature = signature;
	q.attest = q.nonce = q.pcrs = in;
	FUZZ_CHECK(quote_wrong(&q));
}

/* The report of a stranger: all that is read of one before its signature counts, and the fields. */
static void fuzz_report(struct blob in)
{
	struct evidence e = {.report = {(uint8_t *)in.p, in.n}, .now = 1700000000};
	struct wanted w = {.has_vmpl = true, .tcb_parts = 4, .tcb = {9, 0, 23, 72}};
	struct signer s = {.product = "Genoa"};
	struct attestation_report r;
	struct verdict v = {0};

	FUZZ_CHECK(!verify(&e, &w, &v));
	tell(&v);
	v = (struct verdict){0};
	if (report_form(&e, &r, &v)) {
		policy_allowed(&w, &r, &v);
		tcb_wanted(&w, &s, &r, &v);
		fields_wanted(&w, &s, &r, &v);
		data_bound(&w, &r, &v);
	}
	tell(&v);
}

/* The words of whoever asks, which are no stranger's, but may be anything. */
static void fuzz_values(struct blob in)
{
	char *text = malloc(in.n + 1);
	struct wanted w = {0};
	struct bytes hex = {0};
	uint64_t number;

	FUZZ_CHECK(text);
	memcpy(text, in.p, in.n);
	text[in.n] = 0;
	if (value_hex(text, 1, 32, &hex))
		FUZZ_CHECK(hex.n == 32);
	if (value_number(text, 3, &number))
		FUZZ_CHECK(number <= 3);
	if (value_tcb(text, &w))
		FUZZ_CHECK(w.tcb_parts == 4 || w.tcb_parts == 5);
	if (value_pcr(text, &w.pcrs))
		FUZZ_CHECK(w.pcrs.bank && w.pcrs.mask);
	for (unsigned i = 0; i < VERIFY_PCRS; i++)
		free(w.pcrs.value[i].p);
	free(hex.p);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parser[])(struct blob) = {fuzz_certificates, fuzz_manifest, fuzz_quote,
						      fuzz_report, fuzz_values};

	if (size)
		parser[data[0] % ARRAY_LEN(parser)]((struct blob){data + 1, size - 1});
	return 0;
}

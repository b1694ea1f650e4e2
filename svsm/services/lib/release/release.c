/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The conversation. durable.c calls it once a launch. What it must never do is use a key before the
 * signature that the launch asks for was checked, or wait without end.
 */
#include "services/lib/release/release.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include "lib/patience.h"
#include "services/lib/channel.h"
#include "services/lib/service.h"
#include "services/lib/release/release_crypto.h"

#define NS_PER_MS 1000000u

/* A message, and then the answer to it, of text_len bytes: it comes when the message was told. */
static char text[RELEASE_MESSAGE_MAX + 1];
static uint32_t text_len;

static bool converse(uint32_t len)
{
	return len &&
	       channel_converse(text, len, text, RELEASE_MESSAGE_MAX, &text_len, RELEASE_ANSWER_MS);
}

/* The kernel makes it while this program asks again and again. */
static bool get_report(const uint8_t data[64], struct attestation_report *to)
{
	struct patience p = patience_begin(NS_PER_MS, RELEASE_ANSWER_MS, channel_now());
	int64_t r;

	do
		r = service_report(data, to);
	while (r == -EAGAIN && !patience_over(&p, channel_now()));
	return r == 0;
}

/* Epochs rise, so that the newest is the last one. */
static bool good_keys(const struct release_secret *s, uint32_t len)
{
	if (memcmp(s->magic, RELEASE_MAGIC, sizeof(s->magic)) != 0 ||
	    s->flags & ~RELEASE_STATE_PROVED || !s->count || s->count > RELEASE_KEYS_MAX ||
	    len != sizeof(*s) + s->count * sizeof(s->keys[0]))
		return false;
	for (uint32_t i = 1; i < s->count; i++)
		if (s->keys[i].epoch <= s->keys[i - 1].epoch)
			return false;
	return true;
}

static bool take_keys(const uint8_t *secret, uint32_t len, struct release *r)
{
	union {
		struct release_secret head;
		uint8_t bytes[RELEASE_SECRET_MAX];
	} s;
	bool bare = len == RELEASE_KEY, ok;

	memcpy(s.bytes, secret, RELEASE_SECRET_MAX);
	r->epochs = !bare && len >= sizeof(s.head) && good_keys(&s.head, len);
	ok = bare || r->epochs;
	if (bare) {
		memcpy(r->keys[0].key, secret, RELEASE_KEY);
	} else if (ok) {
		r->proved = s.head.flags & RELEASE_STATE_PROVED;
		memcpy(r->keys, s.head.keys, s.head.count * sizeof(r->keys[0]));
	}
	r->count = !ok ? 0 : bare ? 1 : s.head.count;
	OPENSSL_cleanse(&s, sizeof(s));
	return ok;
}

static const char *open_answer(const struct release_answer *a, EVP_PKEY *key, struct release *r)
{
	uint8_t secret[RELEASE_SECRET_MAX] = {0};
	const char *why = NULL;

	if (!release_open(a, key, secret))
		why = "the key server's secret does not open with our key";
	else if (!take_keys(secret, a->secret_len, r))
		why = "the key server's secret is no keys";
	OPENSSL_cleanse(secret, sizeof(secret));
	return why;
}

/* From the terms on: `key` is ours, and fresh. */
static const char *attest(const struct launch_state *launch, bool unsigned_too, EVP_PKEY *key,
			  const struct release_point *point, const struct release_terms *terms,
			  struct release *r)
{
	static struct release_answer a;
	static struct attestation_report report;
	uint8_t data[64];

	if (!release_report_data(terms, point, data))
		return "libcrypto fails";
	if (!get_report(data, &report))
		return "the security processor gives no report";
	if (!converse(release_evidence(text, &report, terms, point)))
		return "the key server does not answer the evidence";
	if (!release_read_answer(text, text_len, &a))
		return "the key server refuses, or its answer is none";
	if (!unsigned_too && !release_is_signed(&a, data, launch->signer))
		return "the keys are not signed by whom the launch names";
	return open_answer(&a, key, r);
}

static const char *with_key(const struct launch_state *launch, bool unsigned_too,
			    const struct release_terms *terms, struct release *r)
{
	struct release_point point;
	EVP_PKEY *key = release_key_new(&point);
	const char *why = key ? attest(launch, unsigned_too, key, &point, terms, r)
			      : "no random numbers for a key";

	EVP_PKEY_free(key);
	return why;
}

const char *release_ask(const struct launch_state *launch, bool unsigned_too, struct release *r)
{
	static struct release_terms terms;
	const char *why;

	memset(r, 0, sizeof(*r));
	if (!converse(release_hello(text)))
		return "no key server answers";
	if (!release_read_terms(text, text_len, &terms))
		return "the key server's terms are none of those that this SVSM accepts";
	why = with_key(launch, unsigned_too, &terms, r);
	if (why) {
		OPENSSL_cleanse(r, sizeof(*r));
		return why;
	}
	memcpy(r->challenge, terms.challenge, terms.challenge_len);
	r->challenge_len = terms.challenge_len;
	return NULL;
}

bool release_confirm(const struct release *r)
{
	const struct release_key *newest = &r->keys[r->count - 1];
	uint8_t proof[32], burnt[32], said[32];

	return release_proof(RELEASE_SEALED, newest, r->challenge, r->challenge_len, proof) &&
	       release_proof(RELEASE_BURNT, newest, r->challenge, r->challenge_len, burnt) &&
	       converse(release_sealed(text, newest->epoch, r->challenge, r->challenge_len,
				       proof)) &&
	       release_read_burnt(text, text_len, said) &&
	       CRYPTO_memcmp(burnt, said, sizeof(burnt)) == 0;
}

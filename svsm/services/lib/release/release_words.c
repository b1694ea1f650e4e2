/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * JSON in and out. A text that nests deeper than any of ours is not given to the parser, whose
 * stack is this program's.
 */
#include "services/lib/release/release_words.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "lib/base64.h"

#define NESTING_MAX 16
#define LIMIT       (RELEASE_MESSAGE_MAX + 1)

/* ---- out ---- */

static uint32_t printed(int n)
{
	return n > 0 && n < (int)LIMIT ? (uint32_t)n : 0;
}

uint32_t release_hello(char *out)
{
	return printed(snprintf(out, LIMIT, "{\"version\":[0,1,0],\"tee\":\"snp\"}"));
}

uint32_t release_evidence(char *out, const struct attestation_report *report,
			  const struct release_terms *terms, const struct release_point *key)
{
	char report_text[BASE64_LENGTH(sizeof(*report)) + 1];
	char challenge[BASE64_LENGTH(RELEASE_CHALLENGE_MAX) + 1];
	char x[BASE64_LENGTH(RELEASE_COORDINATE) + 1], y[sizeof(x)];

	base64_encode(report_text, report, sizeof(*report));
	base64_encode(challenge, terms->challenge, terms->challenge_len);
	base64_encode(x, key->x, sizeof(key->x));
	base64_encode(y, key->y, sizeof(key->y));
	return printed(snprintf(out, LIMIT,
				"{\"tee\":\"snp\",\"evidence\":{\"Snp\":{\"report\":\"%s\"}},"
				"\"challenge\":\"%s\",\"key\":{\"x\":\"%s\",\"y\":\"%s\"}}",
				report_text, challenge, x, y));
}

uint32_t release_sealed(char *out, uint64_t epoch, const uint8_t *challenge, uint32_t challenge_len,
			const uint8_t proof[32])
{
	char text[BASE64_LENGTH(RELEASE_CHALLENGE_MAX) + 1], proof_text[BASE64_LENGTH(32) + 1];

	base64_encode(text, challenge, challenge_len);
	base64_encode(proof_text, proof, 32);
	return printed(snprintf(out, LIMIT,
				"{\"tee\":\"snp\",\"sealed\":{\"epoch\":%llu,\"challenge\":\"%s\","
				"\"proof\":\"%s\"}}",
				(unsigned long long)epoch, text, proof_text));
}

uint32_t release_runtime_data(char *out, const struct release_terms *terms,
			      const struct release_point *key)
{
	char nonce[BASE64_LENGTH(RELEASE_CHALLENGE_MAX) + 1];
	char x[BASE64_LENGTH(RELEASE_COORDINATE) + 1], y[sizeof(x)];

	base64_encode(nonce, terms->challenge, terms->challenge_len);
	base64_url_encode(x, key->x, sizeof(key->x));
	base64_url_encode(y, key->y, sizeof(key->y));
	return printed(snprintf(out, RELEASE_RUNTIME_MAX,
				"{\"additional-evidence\":\"\",\"nonce\":\"%s\",\"tee-pubkey\":{"
				"\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-521\",\"kty\":\"EC\","
				"\"x\":\"%s\",\"y\":\"%s\"}}",
				nonce, x, y));
}

/* ---- in ---- */

/* Brackets inside of strings count as well: ours have none. */
static bool is_flat(const char *text, uint32_t len)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < len; i++)
		n += text[i] == '{' || text[i] == '[';
	return n <= NESTING_MAX;
}

static json_t *parse(const char *text, uint32_t len)
{
	json_object_seed(1); /* any: an object here has a dozen names */
	return is_flat(text, len) ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* Bytes in base64: least to most of them. */
static bool read_bytes(const json_t *object, const char *name, void *to, size_t least, size_t most,
		       uint32_t *len)
{
	const char *text = json_string_value(json_object_get(object, name));
	long n = text ? base64_decode(to, most, text) : -1;

	if (len)
		*len = n > 0 ? (uint32_t)n : 0;
	return n >= (long)least;
}

/* A coordinate may lack leading zeroes. */
static bool read_coordinate(const json_t *object, const char *name, uint8_t to[RELEASE_COORDINATE])
{
	uint8_t bytes[RELEASE_COORDINATE];
	uint32_t n;

	if (!read_bytes(object, name, bytes, 1, sizeof(bytes), &n))
		return false;
	memset(to, 0, RELEASE_COORDINATE);
	memcpy(to + RELEASE_COORDINATE - n, bytes, n);
	return true;
}

static bool is_word(const json_t *array, size_t i, const char *word)
{
	const char *text = json_string_value(json_array_get(array, i));

	return text && strcmp(text, word) == 0;
}

/*
 * Only lists that have our own key in them, and in front. Behind a challenge it would be the end of
 * bytes that the server chooses, and SHA-512 of those is also what the attestation protocol's
 * reports are of: a challenge of a verifier's nonce and the head of a forged manifest would make
 * one.
 */
static bool read_form(const json_t *params, enum release_form *form)
{
	static const char key[] = "EcPublicKeyBytes", challenge[] = "Challenge";
	size_t n = json_array_size(params);

	if (n == 2 && is_word(params, 0, key) && is_word(params, 1, challenge))
		*form = RELEASE_KEY_CHALLENGE;
	else if (n == 1 && is_word(params, 0, "TeePubKeyRuntimeData"))
		*form = RELEASE_RUNTIME_DATA;
	else
		return false;
	return true;
}

bool release_read_terms(const char *text, uint32_t len, struct release_terms *to)
{
	json_t *top = parse(text, len);
	bool ok = read_form(json_object_get(top, "params"), &to->form) &&
		  read_bytes(top, "challenge", to->challenge, RELEASE_CHALLENGE_MIN,
			     sizeof(to->challenge), &to->challenge_len);

	json_decref(top);
	return ok;
}

static bool read_decryption(const json_t *d, struct release_answer *to)
{
	const json_t *epk = json_object_get(d, "epk");

	return read_coordinate(epk, "x", to->epk.x) && read_coordinate(epk, "y", to->epk.y) &&
	       read_bytes(d, "wrapped_cek", to->wrapped_cek, sizeof(to->wrapped_cek),
			  sizeof(to->wrapped_cek), NULL) &&
	       read_bytes(d, "aad", to->aad, 0, sizeof(to->aad), &to->aad_len) &&
	       read_bytes(d, "iv", to->iv, sizeof(to->iv), sizeof(to->iv), NULL) &&
	       read_bytes(d, "tag", to->tag, sizeof(to->tag), sizeof(to->tag), NULL);
}

bool release_read_answer(const char *text, uint32_t len, struct release_answer *to)
{
	json_t *top = parse(text, len);
	bool ok = json_is_true(json_object_get(top, "success")) &&
		  read_bytes(top, "secret", to->secret, RELEASE_KEY, sizeof(to->secret),
			     &to->secret_len) &&
		  read_decryption(json_object_get(top, "decryption"), to);

	to->is_signed = ok && json_object_get(top, "signature");
	ok = ok &&
	     (!to->is_signed || read_bytes(top, "signature", to->signature, sizeof(to->signature),
					   sizeof(to->signature), NULL));
	json_decref(top);
	return ok;
}

bool release_read_burnt(const char *text, uint32_t len, uint8_t proof[32])
{
	json_t *top = parse(text, len);
	bool ok = json_is_true(json_object_get(top, "success")) &&
		  read_bytes(top, "proof", proof, 32, 32, NULL);

	json_decref(top);
	return ok;
}

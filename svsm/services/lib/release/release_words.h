/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The messages of a key release in JSON (docs/key-release.md), by libjansson. What is read has the
 * form and the lengths that are written there, or is refused as a whole.
 */
#include "abi/guest_message.h"
#include "abi/host/key_release.h"

#define RELEASE_SECRET_MAX                                                                         \
	(sizeof(struct release_secret) + RELEASE_KEYS_MAX * sizeof(struct release_key))
#define RELEASE_AAD_MAX 2048u

struct release_point {
	uint8_t x[RELEASE_COORDINATE], y[RELEASE_COORDINATE]; /* big endian */
};

/* What REPORT_DATA is made of. */
enum release_form {
	RELEASE_KEY_CHALLENGE, /* SHA-512 of key and challenge */
	RELEASE_RUNTIME_DATA,  /* SHA-384 of Trustee's runtime data */
};

struct release_terms {
	enum release_form form;
	uint8_t challenge[RELEASE_CHALLENGE_MAX];
	uint32_t challenge_len;
};

struct release_answer {
	struct release_point epk;
	uint8_t wrapped_cek[RELEASE_KEY + 8], iv[12], tag[16];
	uint8_t aad[RELEASE_AAD_MAX], secret[RELEASE_SECRET_MAX];
	uint32_t aad_len, secret_len;
	bool is_signed;
	uint8_t signature[96]; /* r and s */
};

/* Each writes a message to out, of RELEASE_MESSAGE_MAX + 1 bytes, and returns its length. */
uint32_t release_hello(char *out);
uint32_t release_evidence(char *out, const struct attestation_report *report,
			  const struct release_terms *terms, const struct release_point *key);
uint32_t release_sealed(char *out, uint64_t epoch, const uint8_t *challenge, uint32_t challenge_len,
			const uint8_t proof[32]);

/* Each false: the text is no such answer, and nothing of *to counts. */
bool release_read_terms(const char *text, uint32_t len, struct release_terms *to);
bool release_read_answer(const char *text, uint32_t len, struct release_answer *to);
bool release_read_burnt(const char *text, uint32_t len, uint8_t proof[32]);

/* The canonical JSON of Trustee's runtime data; its length, less than RELEASE_RUNTIME_MAX. */
#define RELEASE_RUNTIME_MAX 1600u
uint32_t release_runtime_data(char *out, const struct release_terms *terms,
			      const struct release_point *key);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The JSON of a key release (docs/key-release.md), as a server reads and writes it. */
#include "abi/guest_message.h"
#include "harness/kbs/seal.h"

struct words_evidence {
	struct attestation_report report;
	struct point key;
	uint8_t challenge[RELEASE_CHALLENGE_MAX];
	size_t challenge_len;
};

struct words_proof {
	uint64_t epoch;
	uint8_t proof[32];
};

/* Each NULL, or what is wrong with the message in words. */
const char *words_read_hello(const char *text, size_t n);
const char *words_read_evidence(const char *text, size_t n, struct words_evidence *to);
const char *words_read_proof(const char *text, size_t n, struct words_proof *to);

/* Each malloc'ed. */
char *words_terms(enum seal_form form, const uint8_t *challenge, size_t n);
char *words_answer(const struct sealed *s, bool is_signed);
char *words_burnt(const uint8_t proof[32]);
char *words_success(bool success);

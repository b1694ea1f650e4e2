/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The JSON of a key release (docs/key-release.md), as a server reads and writes it. */
#include "abi/guest_message.h"
#include "harness/kbs/seal.h"

struct message_evidence {
	struct attestation_report report;
	struct point key;
	uint8_t challenge[RELEASE_CHALLENGE_MAX];
	size_t challenge_len;
};

struct message_proof {
	uint64_t epoch;
	uint8_t proof[32];
};

/* Each NULL, or what is wrong with the message in words. */
const char *message_read_hello(const char *text, size_t n);
const char *message_read_evidence(const char *text, size_t n, struct message_evidence *to);
const char *message_read_proof(const char *text, size_t n, struct message_proof *to);

/* Each malloc'ed. */
char *message_terms(enum seal_form form, const uint8_t *challenge, size_t n);
char *message_answer(const struct sealed *s, bool is_signed);
char *message_burnt(const uint8_t proof[32]);
char *message_success(bool success);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A stranger's key server for the vTPM's program, with all that is between them: the channel, the
 * security processor's reports and the clock. It follows docs/key-release.md and shares no code
 * with services/lib/release/release*.c. A test says what it does wrong.
 */
#include <openssl/evp.h>
#include "services/lib/release/release.h"

enum key_step {
	KEY_HELLO,
	KEY_EVIDENCE,
	KEY_SEALED,
	KEY_STEPS
};

/* How a member of an answer is another than it ought to be. */
enum key_change {
	KEY_AS_IS,
	KEY_REMOVED,
	KEY_FLIPPED, /* the last bit of its bytes */
	KEY_BYTES,   /* so many other bytes */
	KEY_SHORT,   /* its bytes without zeroes in front */
	KEY_JSON,    /* that text */
};

struct fake_key_server {
	const char *params; /* JSON */
	uint32_t challenge_len;
	uint8_t challenge[600];
	uint32_t secret_len;
	uint8_t secret[256];
	EVP_PKEY *signer; /* NULL: it does not sign */

	/* Of the answer to that step: */
	enum key_step step;
	enum key_change how;
	const char *member; /* with dots: decryption.epk.x */
	const char *json;
	uint32_t bytes;
	const char *raw; /* the whole of it, of raw_len bytes; NULL: as it is */
	uint32_t raw_len;
	bool silent;       /* there is none */
	int64_t no_report; /* what the kernel says instead; 0: it gives one */

	/* What it saw: */
	unsigned messages, reports; /* and how often a report was asked for */
	bool attested;              /* REPORT_DATA is what the server asked for */
	uint8_t x[RELEASE_COORDINATE];
	char answer[RELEASE_MESSAGE_MAX + 1]; /* to the last message */
	uint64_t epoch;
	uint8_t proof[32];
};
extern struct fake_key_server server;
extern uint64_t key_clock; /* channel_now(), in ns */

/* A good one, which signs, with a bare key of 0x5a. */
void fake_key_server_reset(void);
/* The secret is `count` keys, of the epochs first, first + 1, ...: bytes of 0x10 + epoch. */
void fake_key_server_epochs(uint64_t first, uint32_t count);
/* The launch page of who trusts that signer, a key of P-384; NULL: anybody. */
struct launch_state fake_key_launch(EVP_PKEY *signer);
/* HMAC-SHA-256, of what a launch proves. */
void fake_key_proof(const char *words, const uint8_t key[32], uint64_t epoch, uint8_t proof[32]);

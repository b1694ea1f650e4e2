/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The keys of the TPM's state, from a key server (docs/key-release.md): the SVSM attests itself
 * with a fresh key, and is given what only that key opens. The channel is open, and whoever answers
 * is a stranger until his signature was checked.
 */
#include "abi/service.h"

#define RELEASE_ANSWER_MS 30000 /* for an answer of the server, and for a report */

struct release {
	uint32_t count; /* of keys; the last one seals */
	struct release_key keys[RELEASE_KEYS_MAX];
	bool proved; /* a state was proved once */
	bool epochs; /* the server counts them, and wants to hear that the newest is in use */
	uint8_t challenge[RELEASE_CHALLENGE_MAX];
	uint32_t challenge_len;
};

/* NULL, and *r is filled; else why there are no keys, in words, and *r is all 0. */
const char *release_ask(const struct launch_state *launch, bool unsigned_too, struct release *r);
/* Tells the server that a state is sealed with the newest key and lasts. False: it does not
 * prove that it has burnt the others. */
bool release_confirm(const struct release *r);

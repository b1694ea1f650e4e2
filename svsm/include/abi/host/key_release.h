/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How the SVSM gets the keys of its TPM's state from a key server before the guest starts
 * (docs/key-release.md). The messages are JSON, one request and one answer at a time, and go as the
 * channel's messages (abi/host/channel.h). Here are the limits of both ends, and the bytes that
 * are signed, encrypted or authenticated.
 */
#include "base/types.h"

/* Bytes of one JSON message, either way: a token of a key server takes some thousands. */
#define RELEASE_MESSAGE_MAX   16384u
#define RELEASE_CHALLENGE_MIN 16u
#define RELEASE_CHALLENGE_MAX 512u
#define RELEASE_COORDINATE    66u /* P-521 */
#define RELEASE_KEY           32u

/* The server's signing key, which the launch page has: a point of P-384, x and y, big endian. */
#define RELEASE_SIGNER 96u

/*
 * What is encrypted for the SVSM by a server that counts epochs. Any other secret is a bare key of
 * RELEASE_KEY bytes, and then there is no protection against an older state.
 */
#define RELEASE_MAGIC    "KLKEYS1"
#define RELEASE_KEYS_MAX 4u

struct release_key {
	uint64_t epoch;
	uint8_t key[RELEASE_KEY];
} PACKED;

/* Epochs rise. The last key seals; those before are of states that no launch has yet sealed anew.
 */
struct release_secret {
	char magic[8];
	uint32_t count; /* 1 to RELEASE_KEYS_MAX; the secret's length goes with it */
	uint32_t flags; /* RELEASE_STATE_PROVED */
	struct release_key keys[];
} PACKED;
/* A state of this VM was proved once: an empty store is not a new one, but a lost or withheld one.
 */
#define RELEASE_STATE_PROVED BIT(0)
ABI_SIZE(struct release_secret, 16, "key release: secret");
ABI_SIZE(struct release_key, 40, "key release: key");

/*
 * What the server signs with ECDSA over SHA-384: these words without their NUL, the 64 bytes of
 * REPORT_DATA, then epk.x, epk.y, wrapped_cek, aad, iv, tag and secret, each with its length in
 * front (32 bits, big endian), coordinates with all their 66 bytes. REPORT_DATA has the SVSM's
 * fresh key, so no answer fits twice.
 */
#define RELEASE_SIGNED "Keelson key release 1"

/*
 * The proof that a state is sealed with the newest key and lasts, so that the server may burn those
 * before: HMAC-SHA-256 with that key over these words without their NUL, the epoch (64 bits, big
 * endian) and the challenge.
 */
#define RELEASE_SEALED "Keelson state sealed 1"
/* The server's proof that it has burnt them, in the same way: a host could say so as well. */
#define RELEASE_BURNT "Keelson epoch burnt 1"

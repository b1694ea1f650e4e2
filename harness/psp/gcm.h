/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* AES-256-GCM as guest messages use it: SP 800-38D, with an IV of 12 bytes and a tag of 16. */
#include "abi/guest_message.h"

/*
 * The header's sequence number is the IV, header bytes from ALGO on are authenticated, and the
 * payload of m->size bytes (GUEST_MESSAGE_PAYLOAD_MAX at most) is sealed where it lies; the tag is
 * written. False: libcrypto has no memory.
 */
bool gcm_seal(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY]);
/* The payload in plain text into out, of m->size bytes. False: the tag does not fit, and out holds
 * nothing. */
bool gcm_open(const struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY], uint8_t *out);

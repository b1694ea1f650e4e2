/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * AES-256-GCM of guest messages, for a guest without a library: FIPS 197 and SP 800-38D, bit by
 * bit. It keeps no secret from anybody who measures its time, which a test need not.
 */
#include "abi/guest_message.h"

/* Seals the payload of m->size bytes in place and writes the tag; m->seqno is the IV. */
void gcm_seal(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY]);
/* Opens it in place. False: the tag does not fit, and the payload is as it was. */
bool gcm_open(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY]);

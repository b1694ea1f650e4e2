/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What each key has sealed, by number. AES-GCM is broken for a key as soon as two payloads were
 * sealed with one number: who has both can read one by the other, and forge messages. The firmware
 * cannot notice; this processor sees all messages of both directions and does.
 */
#include "abi/guest_message.h"

#define SEALED_MOST 1024 /* messages that are remembered, the latest */

struct sealed {
	struct {
		uint64_t seqno;
		uint8_t vmpck;
		uint8_t digest[32]; /* SHA-256 of the sealed message */
	} seen[SEALED_MOST];
	uint64_t count; /* all there ever were */
};

/* An authentic message. False: its key has sealed another one with its number. */
bool sealed_once(struct sealed *s, const struct guest_message *m);

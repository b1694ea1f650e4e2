/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Frames of the channel between SVSM and VMM (abi/host/channel.h): encode, decode, find the next
 * one after noise. No allocation, no system call: ring 3 and the harness share this file. A decoder
 * belongs to one reader.
 */
#include "abi/host/channel.h"

#define CHANNEL_FRAME_MAX (2 * (sizeof(struct channel_head) + CHANNEL_PAYLOAD_MAX) + 2)

/*
 * Writes a frame to out, which has room for CHANNEL_FRAME_MAX bytes. head: type, status and seq;
 * the rest is filled in. Returns its bytes, or 0 when length > CHANNEL_PAYLOAD_MAX.
 */
size_t channel_frame_encode(uint8_t *out, struct channel_head head, const void *payload,
			    size_t length);

struct channel_decoder {
	size_t have;
	bool escaped, lost; /* lost: what is in hand is no frame, so wait for the next mark */
	union {
		struct channel_head head;
		uint8_t buf[sizeof(struct channel_head) + CHANNEL_PAYLOAD_MAX];
	};
};

void channel_decoder_init(struct channel_decoder *d);
/*
 * Takes one byte. True: d->head is a good frame's, and its payload of d->head.length bytes lies
 * behind it in d->buf, until the next byte. Zeroes are nothing and are dropped.
 */
bool channel_decoder_push(struct channel_decoder *d, uint8_t byte);

static inline const uint8_t *channel_payload(const struct channel_decoder *d)
{
	return d->buf + sizeof(struct channel_head);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Who a frame of the channel is from (abi/host/channel.h): tags under the key that both ends have
 * agreed upon, by libcrypto. Ring 3 and the harness share this file; the kernel has no part in it.
 */
#include "lib/channel/channel_frame.h"

/*
 * Puts the tag behind `length` bytes of payload, where there is room for it. h: type, status and
 * seq, as they will be sent. The payload's new length; 0: length > CHANNEL_PLAIN_MAX, or no memory.
 */
size_t channel_tag_put(const uint8_t key[CHANNEL_KEY], struct channel_head h, uint8_t *payload,
		       size_t length);

/* The good frame in d has the key's tag: *length is its payload's without it. The time that it
 * takes tells nothing of the tag. */
bool channel_tag_good(const uint8_t key[CHANNEL_KEY], const struct channel_decoder *d,
		      size_t *length);

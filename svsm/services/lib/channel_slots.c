/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The slots, a frame's worth at a time: the contract is in channel.h. */
#include <string.h>
#include "services/lib/channel.h"
#include "services/lib/channel_request.h"

static bool range(uint8_t type, struct channel_range r, const void *from, void *to)
{
	memcpy(channel_request_payload(), &r, sizeof(r));
	if (from)
		memcpy(channel_request_payload() + sizeof(r), from, r.length);
	return channel_ask(type, sizeof(r) + (from ? r.length : 0), to, to ? r.length : 0,
			   CHANNEL_ASK_MS);
}

bool channel_read(unsigned slot, uint32_t offset, void *to, uint32_t len)
{
	for (uint32_t at = 0, n; at < len; at += n) {
		n = MIN(len - at, CHANNEL_DATA_MAX);
		if (!range(CHANNEL_READ, (struct channel_range){slot, offset + at, n}, NULL,
			   (uint8_t *)to + at))
			return false;
	}
	return true;
}

bool channel_write(unsigned slot, uint32_t offset, const void *from, uint32_t len)
{
	for (uint32_t at = 0, n; at < len; at += n) {
		n = MIN(len - at, CHANNEL_DATA_MAX);
		if (!range(CHANNEL_WRITE, (struct channel_range){slot, offset + at, n},
			   (const uint8_t *)from + at, NULL))
			return false;
	}
	return true;
}

bool channel_sync(void)
{
	return channel_ask(CHANNEL_SYNC, 0, NULL, 0, CHANNEL_ASK_MS);
}

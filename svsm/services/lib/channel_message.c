/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A message and its answer, in parts (abi/host/channel.h). What the host says of an answer's length
 * is believed once, for its first part, and bounded there.
 */
#include <string.h>
#include "abi/host/key_release.h"
#include "lib/patience.h"
#include "services/lib/channel.h"
#include "services/lib/channel_request.h"

#define NS_PER_MS 1000000u
#define AGAIN_MS  50 /* so often a host is asked whether there is an answer */

static uint32_t number;

static bool tell(const uint8_t *message, uint32_t len)
{
	struct channel_reply r;

	for (uint32_t at = 0, n; at < len; at += n) {
		struct channel_part part = {number, at, len};

		n = MIN(len - at, CHANNEL_DATA_MAX);
		memcpy(channel_request_payload(), &part, sizeof(part));
		memcpy(channel_request_payload() + sizeof(part), message + at, n);
		if (!channel_request(CHANNEL_TELL, sizeof(part) + n, CHANNEL_ASK_MS, &r) ||
		    r.status != CHANNEL_OK)
			return false;
	}
	return true;
}

enum heard {
	HEARD_LATER,
	HEARD_PART,
	HEARD_WRONG
};

/* The part at offset; *total: of the whole, 0 before the first one is there. */
static enum heard hear(uint8_t *to, uint32_t room, uint32_t at, uint32_t *total, uint32_t *n)
{
	struct channel_part part = {number, at, 0};
	struct channel_reply r;

	memcpy(channel_request_payload(), &part, sizeof(part));
	if (!channel_request(CHANNEL_HEAR, sizeof(part), CHANNEL_ASK_MS, &r))
		return HEARD_WRONG;
	if (r.status == CHANNEL_LATER)
		return HEARD_LATER;
	if (r.status != CHANNEL_OK || r.length <= sizeof(part))
		return HEARD_WRONG;
	memcpy(&part, r.payload, sizeof(part));
	*n = (uint32_t)(r.length - sizeof(part));
	if (part.number != number || part.offset != at || part.total > room ||
	    (*total && part.total != *total) || at > part.total || *n > part.total - at)
		return HEARD_WRONG;
	*total = part.total;
	memcpy(to + at, r.payload + sizeof(part), *n);
	return HEARD_PART;
}

static void pause_between(void)
{
	struct patience p = patience_begin(NS_PER_MS, AGAIN_MS, channel_now());

	while (!patience_over(&p, channel_now()))
		;
}

bool channel_converse(const void *message, uint32_t len, void *to, uint32_t room, uint32_t *got,
		      uint64_t ms)
{
	struct patience p = patience_begin(NS_PER_MS, ms, channel_now());
	uint32_t total = 0, at = 0, n = 0;

	number++;
	if (!tell(message, len))
		return false;
	while (!total || at < total) {
		enum heard h = hear(to, room, at, &total, &n);

		if (h == HEARD_WRONG || patience_over(&p, channel_now()))
			return false;
		if (h == HEARD_LATER)
			pause_between();
		else
			at += n;
	}
	*got = total;
	return true;
}

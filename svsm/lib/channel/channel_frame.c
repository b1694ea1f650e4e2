/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Both ends of the channel distrust each other, and a guest can write to the port as well: nothing
 * of a frame counts before its CRC is right. The CRC finds accidents; against forgers there is a
 * tag (channel_tag.h).
 */
#include "lib/channel/channel_frame.h"
#include "lib/crc32.h"
#include "lib/string.h"

#define HEAD sizeof(struct channel_head)

static uint32_t crc_of(struct channel_head h, const void *payload)
{
	h.crc = 0;
	return crc32_update(crc32_update(0, &h, HEAD), payload, h.length);
}

static size_t stuff(uint8_t *out, const void *from, size_t n)
{
	const uint8_t *p = from;
	size_t at = 0;

	for (; n; n--, p++) {
		bool special = *p == CHANNEL_MARK || *p == CHANNEL_ESCAPE || !*p;

		if (special)
			out[at++] = CHANNEL_ESCAPE;
		out[at++] = special ? *p ^ CHANNEL_FLIP : *p;
	}
	return at;
}

size_t channel_frame_encode(uint8_t *out, struct channel_head h, const void *payload, size_t length)
{
	size_t n = 0;

	if (length > CHANNEL_PAYLOAD_MAX)
		return 0;
	h.version = CHANNEL_FRAME;
	h.length = (uint32_t)length;
	h.crc = crc_of(h, payload);
	out[n++] = CHANNEL_MARK;
	n += stuff(out + n, &h, HEAD);
	n += stuff(out + n, payload, length);
	out[n++] = CHANNEL_MARK;
	return n;
}

void channel_decoder_init(struct channel_decoder *d)
{
	d->have = 0;
	d->escaped = d->lost = false;
}

static bool is_good(const struct channel_decoder *d)
{
	return !d->lost && !d->escaped && d->have >= HEAD && d->head.version == CHANNEL_FRAME &&
	       d->head.length == d->have - HEAD &&
	       d->head.crc == crc_of(d->head, channel_payload(d));
}

/* A mark ends one frame and may begin the next; nothing between two marks is no frame. */
bool channel_decoder_push(struct channel_decoder *d, uint8_t byte)
{
	bool good = false;

	if (!byte)
		return false;
	if (byte == CHANNEL_MARK) {
		good = is_good(d);
		channel_decoder_init(d);
	} else if (byte == CHANNEL_ESCAPE) {
		d->lost |= d->escaped;
		d->escaped = true;
	} else if (d->have == sizeof(d->buf)) {
		d->lost = true;
	} else {
		d->buf[d->have++] = d->escaped ? byte ^ CHANNEL_FLIP : byte;
		d->escaped = false;
	}
	return good;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Frames of the test-control port: encoder and decoder, the same code in harness, agent and bare
 * guests. The other side may send anything and bytes may be missing, so the decoder trusts nothing
 * before the CRC is right, and looks for the next frame within the bytes of a bad one.
 */
#include "lib/control_frame.h"
#include "lib/crc32.h"
#include "lib/string.h"

#define HEADER sizeof(struct control_header)

/* The CRC covers the header with its own field as 0, then the payload. */
static uint32_t frame_crc(struct control_header h, const void *payload)
{
	uint32_t crc;

	h.crc = 0;
	crc = crc32_update(0, &h, HEADER);
	return crc32_update(crc, payload, h.length);
}

size_t control_frame_encode(void *out, size_t cap, uint8_t type, uint32_t seq, const void *payload,
			    size_t length)
{
	struct control_header h = {
		.magic = CONTROL_MAGIC, .version = CONTROL_VERSION, .type = type, .seq = seq};

	if (length > CONTROL_MAX || cap < HEADER + length)
		return 0;
	h.length = (uint16_t)length;
	h.crc = frame_crc(h, payload);
	memcpy(out, &h, HEADER);
	if (length)
		memcpy((uint8_t *)out + HEADER, payload, length);
	return HEADER + length;
}

void control_decoder_init(struct control_decoder *d)
{
	memset(d, 0, sizeof(*d));
}

/* Drops the first byte, and all behind it up to the next byte that may begin a frame. */
static void skip(struct control_decoder *d)
{
	size_t n = 1;

	while (n < d->have && d->buf[n] != (CONTROL_MAGIC & 0xff))
		n++;
	d->dropped += n;
	d->have -= n;
	memmove(d->buf, d->buf + n, d->have);
}

/* Compares as much of the magic as has come. */
static bool magic_fits(const struct control_decoder *d)
{
	const uint32_t magic = CONTROL_MAGIC;

	return memcmp(d->buf, &magic, d->have < 4 ? d->have : 4) == 0;
}

/* Hands out the first frame and closes the gap. A jump in the sequence is counted and then
 * accepted as the new count. */
static void take(struct control_decoder *d, const struct control_header *h, struct control_frame *f)
{
	size_t all = HEADER + h->length;

	f->type = h->type;
	f->length = h->length;
	f->seq = h->seq;
	memcpy(f->payload, d->buf + HEADER, h->length);
	f->payload[h->length] = 0;
	if (h->seq != d->want_seq)
		d->gaps++;
	d->want_seq = h->seq + 1;
	d->have -= all;
	memmove(d->buf, d->buf + all, d->have);
}

/* Every round either returns or drops at least one byte, so the loop ends. */
bool control_decoder_again(struct control_decoder *d, struct control_frame *f)
{
	struct control_header h;

	while (d->have) {
		if (!magic_fits(d)) {
			skip(d);
			continue;
		}
		if (d->have < HEADER)
			return false;
		memcpy(&h, d->buf, HEADER);
		if (h.version != CONTROL_VERSION || h.length > CONTROL_MAX) {
			skip(d);
			continue;
		}
		if (d->have < HEADER + h.length)
			return false;
		if (h.crc == frame_crc(h, d->buf + HEADER)) {
			take(d, &h, f);
			return true;
		}
		d->bad_crc++;
		skip(d);
	}
	return false;
}

bool control_decoder_push(struct control_decoder *d, uint8_t byte, struct control_frame *f)
{
	if (d->have == sizeof(d->buf)) /* full only if again() was not called until false */
		skip(d);
	d->buf[d->have++] = byte;
	return control_decoder_again(d, f);
}

size_t control_frame_fields(char *payload, char **field, size_t max)
{
	size_t n = 0, i;
	char *p = payload;

	if (!max)
		return 0;
	field[n++] = p;
	for (; *p && n < max; p++) {
		if (*p != '\t')
			continue;
		*p = 0;
		field[n++] = p + 1;
	}
	for (i = n; i < max; i++)
		field[i] = payload + strlen(payload);
	return n;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One request at a time, and its answer. Frames may be lost (the guest, too, can reach the port),
 * so a request is sent anew each AGAIN_MS until it is answered; every request may be done twice. An
 * answer is known by its number, which begins anywhere, so that one from before a death of this
 * program is not taken for one of today.
 */
#include <string.h>
#include "services/lib/channel.h"
#include "lib/channel/channel_frame.h"
#include "lib/patience.h"
#include "services/lib/channel_request.h"
#include "services/lib/service.h"

#define NS_PER_MS 1000000u
#define AGAIN_MS  1000
#define TAKE      64 /* bytes a look: a FIFO has 16, and is filled while it is read */

static struct {
	bool open, hurried;
	uint32_t seq;
	struct patience all; /* of this request, or of all from channel_hurry() on */
	struct channel_decoder in;
	uint8_t out[CHANNEL_FRAME_MAX];
	size_t out_len;
	uint8_t payload[CHANNEL_PAYLOAD_MAX];
} channel;

static struct patience wait_of(uint64_t ms)
{
	return patience_begin(NS_PER_MS, ms, channel_now());
}

static bool send_frame(void)
{
	int64_t n;

	channel_decoder_init(&channel.in);
	if (service_channel_reset() != 0)
		return false;
	for (size_t at = 0; at < channel.out_len; at += (size_t)n) {
		n = service_channel_send(channel.out + at, channel.out_len - at);
		if (n <= 0)
			return false;
	}
	return true;
}

enum looked {
	NOTHING,
	BYTES, /* of whatever */
	ANSWER /* to the request that was sent last: the decoder holds it */
};

static enum looked look(uint8_t type)
{
	uint8_t bytes[TAKE];
	int64_t n = service_channel_take(bytes, sizeof(bytes));
	enum looked r = NOTHING;

	for (int64_t i = 0; i < n; i++) {
		if (bytes[i])
			r = BYTES;
		if (channel_decoder_push(&channel.in, bytes[i]) &&
		    channel.in.head.seq == channel.seq &&
		    channel.in.head.type == (type | CHANNEL_ANSWER))
			return ANSWER;
	}
	return r;
}

/*
 * Sends the request again and again until there is an answer, or ms of silence. An answer that is
 * on its way is not interrupted: QEMU hands over 14 bytes a turn of its own, and a busy host gives
 * it few turns. A port that refuses once may be spoilt by a guest's access, and is tried again.
 */
static bool exchange(uint8_t type, uint64_t ms)
{
	struct patience silence = wait_of(ms), again = wait_of(0);

	while (!patience_over(&channel.all, channel_now()) &&
	       !patience_over(&silence, channel_now())) {
		enum looked r;

		if (patience_over(&again, channel_now()) && send_frame())
			again = wait_of(AGAIN_MS);
		r = look(type);
		if (r == ANSWER)
			return true;
		if (r == BYTES) {
			again = wait_of(AGAIN_MS);
			silence = wait_of(ms);
		}
	}
	return false;
}

uint8_t *channel_request_payload(void)
{
	return channel.payload;
}

bool channel_request(uint8_t type, size_t len, uint64_t ms, struct channel_reply *r)
{
	const struct channel_head *h = &channel.in.head;

	if (!channel.open)
		return false;
	channel.out_len = channel_frame_encode(
		channel.out, (struct channel_head){.type = type, .seq = ++channel.seq},
		channel.payload, len);
	if (!channel.hurried)
		channel.all = wait_of(CHANNEL_ALL_MS);
	channel.open = exchange(type, ms);
	if (channel.open)
		*r = (struct channel_reply){h->status, h->length, channel_payload(&channel.in)};
	return channel.open;
}

/* The answer has `room` bytes, no more and no less. */
static bool ask(uint8_t type, size_t len, void *to, size_t room, uint64_t ms)
{
	struct channel_reply r;

	if (!channel_request(type, len, ms, &r) || r.status != CHANNEL_OK || r.length != room)
		return false;
	if (room)
		memcpy(to, r.payload, room);
	return true;
}

void channel_hurry(void)
{
	channel.all = wait_of(CHANNEL_ALL_MS);
	channel.hurried = true;
}

void channel_relax(void)
{
	channel.hurried = false;
}

/* A machine without such a port is told at once: nothing there keeps what is written to it. Three
 * times, because a guest may have spoilt it. */
static bool is_there(void)
{
	for (unsigned i = 0; i < 3; i++)
		if (service_channel_reset() == 0)
			return true;
	return false;
}

bool channel_open(uint32_t wanted)
{
	struct channel_hello h = {.version = CHANNEL_VERSION, .wanted = wanted}, answer;

	channel.seq = (uint32_t)channel_now();
	channel.open = is_there();
	memcpy(channel.payload, &h, sizeof(h));
	channel.open = ask(CHANNEL_HELLO, sizeof(h), &answer, sizeof(answer), CHANNEL_HELLO_MS) &&
		       answer.version == CHANNEL_VERSION && (answer.wanted & wanted) == wanted;
	return channel.open;
}

static bool range(uint8_t type, struct channel_range r, const void *from, void *to)
{
	memcpy(channel.payload, &r, sizeof(r));
	if (from)
		memcpy(channel.payload + sizeof(r), from, r.length);
	return ask(type, sizeof(r) + (from ? r.length : 0), to, to ? r.length : 0, CHANNEL_ASK_MS);
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
	return ask(CHANNEL_SYNC, 0, NULL, 0, CHANNEL_ASK_MS);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One request at a time, and its answer. Frames may be lost (the guest, too, can reach the port),
 * so a request is sent anew each AGAIN_MS until it is answered; every request may be done twice. An
 * answer is known by its number and its tag: no two requests of a launch have the same number, and
 * the guest does not know the key.
 */
#include <string.h>
#include "services/lib/channel.h"
#include "lib/channel/channel_tag.h"
#include "lib/patience.h"
#include "services/lib/channel_request.h"
#include "services/lib/channel_session.h"
#include "services/lib/service.h"

#define NS_PER_MS 1000000u
#define AGAIN_MS  1000
#define TAKE      64 /* bytes a look: a FIFO has 16, and is filled while it is read */

static struct {
	bool open, hurried;
	uint32_t seq;
	struct patience all; /* of this request, or of all from channel_hurry() on */
	struct channel_decoder in;
	size_t in_len; /* of the answer's payload, without its tag */
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

static bool is_answer(uint8_t type)
{
	const struct channel_head *h = &channel.in.head;

	return h->seq == channel.seq && h->type == (type | CHANNEL_ANSWER) &&
	       channel_tag_good(channel_session_key(), &channel.in, &channel.in_len);
}

static enum looked look(uint8_t type)
{
	uint8_t bytes[TAKE];
	int64_t n = service_channel_take(bytes, sizeof(bytes));
	enum looked r = NOTHING;

	for (int64_t i = 0; i < n; i++) {
		if (bytes[i])
			r = BYTES;
		if (channel_decoder_push(&channel.in, bytes[i]) && is_answer(type))
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

/* The next frame to send. False: there are no numbers, or no memory. */
static bool make_frame(uint8_t type, size_t len)
{
	struct channel_head h = {.type = type, .seq = channel_session_number()};

	channel.seq = h.seq;
	len = h.seq ? channel_tag_put(channel_session_key(), h, channel.payload, len) : 0;
	channel.out_len = len ? channel_frame_encode(channel.out, h, channel.payload, len) : 0;
	return channel.out_len;
}

bool channel_request(uint8_t type, size_t len, uint64_t ms, struct channel_reply *r)
{
	if (!channel.open)
		return false;
	if (!channel.hurried)
		channel.all = wait_of(CHANNEL_ALL_MS);
	channel.open = make_frame(type, len) && exchange(type, ms);
	if (channel.open)
		*r = (struct channel_reply){channel.in.head.status, channel.in_len,
					    channel_payload(&channel.in)};
	return channel.open;
}

bool channel_ask(uint8_t type, size_t len, void *to, size_t room, uint64_t ms)
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

static bool hello(struct channel_hello *h)
{
	struct channel_hello answer;
	uint32_t wanted = h->wanted;

	memcpy(channel.payload, h, sizeof(*h));
	return channel_ask(CHANNEL_HELLO, sizeof(*h), &answer, sizeof(answer), CHANNEL_HELLO_MS) &&
	       answer.version == CHANNEL_VERSION && (answer.wanted & wanted) == wanted;
}

bool channel_open(uint32_t wanted)
{
	struct channel_hello h = {.version = CHANNEL_VERSION, .wanted = wanted};

	channel.open = is_there() && channel_session_begin(h.key);
	channel.open = hello(&h) && channel_session_agreed();
	return channel.open;
}

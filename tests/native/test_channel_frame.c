/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Frames of the channel between SVSM and VMM: round trips, damage, noise, hostile heads, and many
 * random streams under the sanitizers (docs/channel.md, "Frames"; RFC 1662, 4.2).
 *
 * sources: svsm/lib/channel/channel_frame.c svsm/lib/crc32.c
 */
#include "tests/native/check.h"
#include "lib/channel/channel_frame.h"
#include "lib/crc32.h"

#include <string.h>

#define HEAD sizeof(struct channel_head)

static struct channel_decoder decoder;
static struct channel_head last;
static uint8_t last_payload[CHANNEL_PAYLOAD_MAX];
static uint8_t wire[2 * CHANNEL_FRAME_MAX];

/* Feeds bytes; the number of frames that came out, the last of which stays in last. */
static unsigned feed(const uint8_t *data, size_t n)
{
	unsigned got = 0;

	for (size_t i = 0; i < n; i++) {
		if (!channel_decoder_push(&decoder, data[i]))
			continue;
		last = decoder.head;
		memcpy(last_payload, channel_payload(&decoder), last.length);
		got++;
	}
	return got;
}

static size_t make(uint8_t *out, uint32_t seq, const void *payload, size_t n)
{
	return channel_frame_encode(
		out, (struct channel_head){.type = CHANNEL_READ, .status = 0x1234, .seq = seq},
		payload, n);
}

TEST(each_byte_survives_and_none_on_the_wire_is_zero)
{
	uint8_t payload[256];
	size_t n;

	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	channel_decoder_init(&decoder);
	n = make(wire, 7, payload, sizeof(payload));
	CHECK(!memchr(wire, 0, n));
	CHECK_EQ(wire[0], 0x7e);
	CHECK_EQ(wire[n - 1], 0x7e);
	CHECK(!memchr(wire + 1, 0x7e, n - 2));
	CHECK_EQ(feed(wire, n), 1);
	CHECK_EQ(last.type, CHANNEL_READ);
	CHECK_EQ(last.status, 0x1234);
	CHECK_EQ(last.seq, 7);
	CHECK_EQ(last.length, sizeof(payload));
	CHECK_MEM(last_payload, payload, sizeof(payload));
}

TEST(round_trip_of_the_shortest_and_longest)
{
	static uint8_t payload[CHANNEL_PAYLOAD_MAX + 1]; /* zeroes: each is two bytes there */
	size_t n;

	channel_decoder_init(&decoder);
	n = make(wire, 1, payload, 0);
	CHECK_EQ(feed(wire, n), 1);
	CHECK_EQ(last.length, 0);
	n = make(wire, 2, payload, CHANNEL_PAYLOAD_MAX);
	CHECK(n <= CHANNEL_FRAME_MAX);
	CHECK_EQ(feed(wire, n), 1);
	CHECK_EQ(last.length, CHANNEL_PAYLOAD_MAX);
	CHECK_EQ(make(wire, 3, payload, CHANNEL_PAYLOAD_MAX + 1), 0);
}

/* Zeroes are what an empty FIFO reads as: anywhere, they change nothing. */
TEST(zeroes_are_nothing)
{
	size_t n = make(wire, 3, "state", 5);

	channel_decoder_init(&decoder);
	for (size_t i = 0; i < n; i++) {
		CHECK(!channel_decoder_push(&decoder, 0));
		CHECK_EQ(channel_decoder_push(&decoder, wire[i]), i == n - 1);
	}
}

/* RFC 1662, 4.3: a frame that a mark cuts off right behind an escape is none. */
TEST(any_lost_or_flipped_byte_is_no_frame_and_the_next_one_is_found)
{
	static uint8_t broken[CHANNEL_FRAME_MAX];
	size_t n = make(wire, 4, "a\0b~c}d", 7), good = make(wire + n, 5, "next", 4);

	for (size_t at = 1; at + 1 < n; at++) {
		check_context("byte %zu", at);
		channel_decoder_init(&decoder);
		memcpy(broken, wire, at);
		memcpy(broken + at, wire + at + 1, n - at - 1);
		CHECK_EQ(feed(broken, n - 1), 0);
		CHECK_EQ(feed(wire + n, good), 1);
		CHECK_EQ(last.seq, 5);
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(broken, wire, n);
			broken[at] ^= (uint8_t)(1u << bit);
			CHECK_EQ(feed(broken, n), 0);
			CHECK_EQ(feed(wire + n, good), 1);
		}
	}
}

/* A head that lies of its length, or of its version, with a CRC that fits it. */
TEST(hostile_heads)
{
	const struct {
		uint8_t version;
		uint32_t length, has;
	} bad[] = {{1, 5, 4}, {1, 3, 4}, {1, 0xffffffff, 4}, {0, 4, 4}, {2, 4, 4}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct channel_head h = {
			.version = bad[i].version, .type = 1, .length = bad[i].length};
		uint8_t plain[HEAD + 4] = {0}, out[2 * sizeof(plain) + 2];
		size_t n = 0;

		h.crc = crc32_update(crc32_update(0, &h, HEAD), "abcd", 4);
		memcpy(plain, &h, HEAD);
		memcpy(plain + HEAD, "abcd", 4);
		out[n++] = CHANNEL_MARK;
		for (size_t k = 0; k < sizeof(plain); k++) {
			out[n++] = CHANNEL_ESCAPE;
			out[n++] = plain[k] ^ CHANNEL_FLIP;
		}
		out[n++] = CHANNEL_MARK;
		check_context("head %zu", i);
		channel_decoder_init(&decoder);
		CHECK_EQ(feed(out, n), 0);
	}
}

TEST(a_stream_without_a_mark_is_bounded)
{
	size_t n;

	channel_decoder_init(&decoder);
	for (size_t i = 0; i < 3 * sizeof(decoder.buf); i++)
		CHECK(!channel_decoder_push(&decoder, 0xff));
	n = make(wire, 9, "ok", 2);
	CHECK_EQ(feed(wire, n), 1);
}

/* Good frames with bytes changed, dropped and put in, and noise: whatever comes out has a CRC that
 * fits, which the decoder says, and lies within its bounds, which the sanitizers say. */
TEST(random_streams)
{
	uint32_t seed = 2463534242u;
	uint8_t payload[64];
	unsigned frames = 0;

	channel_decoder_init(&decoder);
	for (unsigned round = 0; round < 100000; round++) {
		size_t n;

		for (size_t i = 0; i < sizeof(payload); i++)
			payload[i] = (uint8_t)check_random(&seed);
		n = make(wire, round, payload, check_random(&seed) % (sizeof(payload) + 1));
		for (unsigned hits = check_random(&seed) % 4; hits; hits--)
			wire[check_random(&seed) % n] = (uint8_t)check_random(&seed);
		frames += feed(wire, n - check_random(&seed) % 2);
	}
	CHECK(frames > 10000); /* a fourth has no hit */
	CHECK(frames < 100000);
}

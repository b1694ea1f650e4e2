/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Frames of the test-control port: round trips, noise, damage, truncation, hostile headers
 * (docs/test-control.md, "The port").
 *
 * sources: svsm/lib/control_frame.c svsm/lib/crc32.c
 */
#include "tests/native/check.h"
#include "lib/control_frame.h"
#include "lib/crc32.h"

#include <string.h>

#define HEADER sizeof(struct control_header)

static struct control_decoder decoder;
static struct control_frame frame;

/* Feeds bytes; the number of frames that came out. The last one stays in `frame`. */
static unsigned feed(const void *data, size_t n)
{
	const uint8_t *p = data;
	unsigned got = 0;

	for (size_t i = 0; i < n; i++)
		for (bool ok = control_decoder_push(&decoder, p[i], &frame); ok;
		     ok = control_decoder_again(&decoder, &frame))
			got++;
	return got;
}

static size_t make(uint8_t *out, uint32_t seq, const char *text)
{
	return control_frame_encode(out, CONTROL_FRAME_MAX, CONTROL_LOG, seq, text, strlen(text));
}

TEST(round_trip_of_every_length)
{
	uint8_t out[CONTROL_FRAME_MAX];
	char text[CONTROL_MAX];

	memset(text, 'x', sizeof(text));
	control_decoder_init(&decoder);
	for (size_t n = 0; n <= CONTROL_MAX; n++) {
		size_t size =
			control_frame_encode(out, sizeof(out), CONTROL_TEST, (uint32_t)n, text, n);

		check_context("length %zu", n);
		CHECK_EQ(size, HEADER + n);
		CHECK_EQ(feed(out, size), 1);
		CHECK_EQ(frame.type, CONTROL_TEST);
		CHECK_EQ(frame.length, n);
		CHECK_EQ(frame.seq, n);
		CHECK_EQ(strlen(frame.payload), n);
	}
	CHECK_EQ(decoder.dropped, 0);
	CHECK_EQ(decoder.gaps, 0);
}

TEST(encode_refuses_what_does_not_fit)
{
	uint8_t out[CONTROL_FRAME_MAX];
	char text[CONTROL_MAX + 1] = {0};

	CHECK_EQ(control_frame_encode(out, sizeof(out), 1, 0, text, CONTROL_MAX + 1), 0);
	CHECK_EQ(control_frame_encode(out, HEADER + 4, 1, 0, text, 5), 0);
	CHECK_EQ(control_frame_encode(out, HEADER + 5, 1, 0, text, 5), HEADER + 5);
	CHECK_EQ(control_frame_encode(out, 0, 1, 0, NULL, 0), 0);
}

TEST(noise_costs_nothing_else)
{
	static const char *const noise[] = {"K",          "KT",       "KTR", "KTRL",
					    "KTRLKTRL\1", "\xff\xff", "KKKK"};
	uint8_t out[CONTROL_FRAME_MAX];

	control_decoder_init(&decoder);
	for (uint32_t i = 0; i < ARRAY_LEN(noise); i++) {
		size_t n = make(out, i, "hello");

		check_context("noise %u", i);
		CHECK_EQ(feed(noise[i], strlen(noise[i])), 0);
		CHECK_EQ(feed(out, n), 1);
		CHECK_STR(frame.payload, "hello");
	}
	CHECK_EQ(decoder.gaps, 0);
	CHECK(decoder.dropped > 0);
}

TEST(every_damaged_byte_is_noticed)
{
	uint8_t out[CONTROL_FRAME_MAX], next[CONTROL_FRAME_MAX];
	size_t n = make(out, 0, "some text"), m = make(next, 1, "the next one");

	for (size_t i = 0; i < n; i++) {
		check_context("byte %zu", i);
		control_decoder_init(&decoder);
		out[i] ^= 0x41;
		CHECK_EQ(feed(out, n), 0);
		out[i] ^= 0x41;
		/* A damaged length may swallow what follows, but never more than a frame. */
		memset(&frame, 0, sizeof(frame));
		for (unsigned k = 0; k < CONTROL_FRAME_MAX / m + 2; k++)
			feed(next, m);
		CHECK_STR(frame.payload, "the next one");
	}
}

TEST(a_frame_inside_a_bad_one_comes_out)
{
	uint8_t inner[CONTROL_FRAME_MAX], outer[CONTROL_FRAME_MAX];
	size_t n = make(inner, 0, "inner"), m;

	m = control_frame_encode(outer, sizeof(outer), CONTROL_LOG, 0, inner, n);
	outer[12] ^= 1; /* its CRC */
	control_decoder_init(&decoder);
	CHECK_EQ(feed(outer, m), 1);
	CHECK_STR(frame.payload, "inner");
	CHECK_EQ(decoder.bad_crc, 1);
}

TEST(gaps_are_counted)
{
	uint8_t out[CONTROL_FRAME_MAX];

	control_decoder_init(&decoder);
	feed(out, make(out, 0, "a"));
	feed(out, make(out, 2, "c"));
	feed(out, make(out, 3, "d"));
	CHECK_EQ(decoder.gaps, 1);
}

TEST(random_bytes_do_no_harm)
{
	static const char letters[] = "KTRL\1\0\0";
	uint32_t seed = 7;

	control_decoder_init(&decoder);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t r = check_random(&seed);
		uint8_t byte = r & 0x100 ? (uint8_t)letters[r % sizeof(letters)] : (uint8_t)r;

		CHECK_EQ(feed(&byte, 1), 0);
	}
}

TEST(fields)
{
	char four[] = "a\tb\tc\td", one[] = "x", empty[] = "", tail[] = "k\t";
	char *f[3];

	CHECK_EQ(control_frame_fields(four, f, 3), 3);
	CHECK_STR(f[2], "c\td");
	CHECK_EQ(control_frame_fields(one, f, 3), 1);
	CHECK_STR(f[0], "x");
	CHECK_STR(f[2], "");
	CHECK_EQ(control_frame_fields(empty, f, 2), 1);
	CHECK_STR(f[1], "");
	CHECK_EQ(control_frame_fields(tail, f, 2), 2);
	CHECK_STR(f[1], "");
	CHECK_EQ(control_frame_fields(one, f, 0), 0);
}

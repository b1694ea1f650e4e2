/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Frames of the test-control port (abi/control.h): encode, decode, find the next frame after noise.
 * No allocation, no system call: the harness, the bare guest and the Linux agent share this file.
 * One decoder belongs to one reader; nothing here locks.
 */
#include "abi/control.h"

#define CONTROL_FRAME_MAX (sizeof(struct control_header) + CONTROL_MAX)

struct control_frame {
	uint8_t type; /* enum control_type; unknown values are handed on */
	uint16_t length;
	uint32_t seq;
	char payload[CONTROL_MAX + 1]; /* always NUL-terminated after the length bytes */
};

struct control_decoder {
	size_t have; /* bytes kept in buf */
	uint8_t buf[CONTROL_FRAME_MAX];
	uint32_t want_seq; /* next frame's expected number */
	/* Counters for the reader's report */
	uint64_t dropped; /* bytes that belonged to no good frame */
	uint32_t bad_crc; /* frames whose header was good and whose CRC was not */
	uint32_t gaps;    /* times that the sequence number was not the expected one */
};

/*
 * Writes one frame to out, which has room for cap bytes (CONTROL_FRAME_MAX always suffices).
 * Returns the frame's bytes, or 0 when length > CONTROL_MAX or cap is too small.
 */
size_t control_frame_encode(void *out, size_t cap, uint8_t type, uint32_t seq, const void *payload,
			    size_t length);

void control_decoder_init(struct control_decoder *d);

/*
 * Takes one byte. True when *f now holds a good frame. Then call control_decoder_again() until it
 * returns false, because the bytes of a bad frame may hide good ones, and only then push the next
 * byte.
 */
bool control_decoder_push(struct control_decoder *d, uint8_t byte, struct control_frame *f);
bool control_decoder_again(struct control_decoder *d, struct control_frame *f);

/*
 * Splits a payload at tabs, in place: at most max fields, the last one keeps what is left.
 * Returns the number of fields (at least 1; unused ones are set to "").
 */
size_t control_frame_fields(char *payload, char **field, size_t max);

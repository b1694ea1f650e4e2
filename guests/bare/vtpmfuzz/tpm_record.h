/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * An input of the TPM fuzzers, here and on the host (tests/fuzz): a row of commands, each a record
 * of one byte "how", a 16-bit big-endian length, and that many bytes. Any bytes are an input: what
 * a length claims beyond the end is cut off.
 */
#include "base/types.h"

#define RECORD_MAX  4096 /* bytes of a command, one that is too long for the protocol included */
#define RECORD_HEAD 3

/* how: bits 2:0 locality (above 4: minus 4), bits 7:6 what is appended of the response before */
enum record_append {
	APPEND_NOTHING = 0,
	APPEND_PARAMETERS = 1, /* all its parameters */
	APPEND_BLOBS = 2,      /* the first two TPM2Bs behind a parameter size */
	APPEND_BLOBS_BARE = 3, /* the first two TPM2Bs */
};

struct record {
	uint8_t locality; /* 0..4 */
	enum record_append append;
	const uint8_t *data;
	uint32_t len; /* up to RECORD_MAX */
};

/* The record at *at, which moves behind it; false at the end. */
bool record_next(const uint8_t *input, size_t size, size_t *at, struct record *r);

/* The command that r makes after this response: its length. Where something was appended the
 * header's size is set right. */
uint32_t record_compose(const struct record *r, const uint8_t *response, uint32_t response_len,
			uint8_t command[RECORD_MAX]);

/* The command makes an RSA key or tests all algorithms: seconds on an emulated machine. */
bool record_is_slow(const uint8_t *command, uint32_t len);

/* The command may be answered TPM_RC_FAILURE without failure mode: libtpms 0.9 does so when
 * libcrypto cannot pad, as in OAEP with a hash that is too long for the key. */
bool record_may_fail(const uint8_t *command, uint32_t len);

struct record_seed {
	const char *name;
	const uint8_t *data;
	size_t size;
	bool slow; /* makes RSA keys */
};

static inline uint32_t record_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void record_set_be32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline uint32_t record_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

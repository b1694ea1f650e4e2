/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Changes to TPM commands that know how one is built: header, handles, authorization area, TPM2Bs.
 * The fuzzers on the host and in the guest share them. Deterministic.
 */
#include "base/types.h"

struct mutate_rng {
	uint64_t state;
};

static inline uint32_t mutate_random(struct mutate_rng *r)
{
	r->state ^= r->state << 13; /* xorshift64 */
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)(r->state >> 32);
}

/* 0 .. n-1 */
static inline uint32_t mutate_below(struct mutate_rng *r, uint32_t n)
{
	return (uint32_t)((uint64_t)mutate_random(r) * n >> 32);
}

/* Changes command in place, one to four times; mostly its header's size is right afterwards.
 * len and the result up to room. */
uint32_t mutate_command(struct mutate_rng *r, uint8_t *command, uint32_t len, uint32_t room);

/* The header's size is made len, 15 times of 16. */
void mutate_fix_size(struct mutate_rng *r, uint8_t *command, uint32_t len);

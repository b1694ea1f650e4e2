/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A CPU's log ring. Producers are this CPU's code and whatever exception interrupts it, nested to
 * any depth; the consumer is this CPU too. No locks: a producer reserves a slot with one atomic
 * step, fills it, then marks it ready. When no slot is free the line is counted as lost. Portable.
 *
 * A slot's state:  FREE (reserved or not) --put--> READY --get--> FREE
 */
#include "base/types.h"

#define LOGRING_SLOTS 64  /* a power of two */
#define LOGRING_LINE  244 /* the whole ring fits 16 KiB */

enum logring_state {
	LOGRING_FREE,
	LOGRING_READY,
};

struct logring_slot {
	uint32_t state;
	uint32_t len;
	char text[LOGRING_LINE];
};

struct logring {
	uint32_t head; /* next slot to reserve; counts on without wrapping at LOGRING_SLOTS */
	uint32_t tail; /* next slot to take out */
	uint32_t lost; /* since the last logring_lost() */
	uint32_t pad;
	struct logring_slot slot[LOGRING_SLOTS];
};

/* Put a line (cut at LOGRING_LINE). False: full, counted. */
bool logring_put(struct logring *r, const char *text, size_t len);
/* Take the oldest line into out (LOGRING_LINE bytes); returns its length, 0 when there is none.
 * skip: pass over a slot whose producer was interrupted for good (panic). */
size_t logring_get(struct logring *r, char *out, bool skip);
/* Number of lines lost since the last call. */
uint32_t logring_lost(struct logring *r);

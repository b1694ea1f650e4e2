/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A state that outlives the VM, in two slots of a store that nobody trusts (docs/persistence.md).
 * The slot with the older state is written, so that a kill at any moment leaves the old state or
 * the new one. What is not sealed with a key of ours is no state.
 */
#include "services/lib/state_seal.h"

#define STATE_SLOTS 2

/* The store. Each returns false when it did not do all of it; after that nothing is known of the
 * slot that was written. */
struct state_store {
	bool (*read)(unsigned slot, uint32_t offset, void *to, uint32_t len);
	bool (*write)(unsigned slot, uint32_t offset, const void *from, uint32_t len);
	bool (*sync)(void); /* all that was written lasts now */
	uint32_t slot_size;
};

#define STATE_KEYS 4

/* A key may have predecessors, with which what is there may be sealed; nothing new is. */
struct state_key {
	uint64_t epoch;
	uint8_t key[SEAL_KEY];
};

struct state {
	const struct state_store *store;
	uint8_t identity[SEAL_IDENTITY];
	struct state_key keys[STATE_KEYS]; /* the last one seals */
	unsigned key_count;
	/* state_load() and state_save() keep these */
	unsigned next;    /* the slot that is written next: not the newest good one */
	uint64_t counter; /* of the newest good one; 0: none */
	uint64_t epoch;
};

enum state_found {
	STATE_FOUND,
	STATE_NONE,    /* the store is new, or its very first write was interrupted */
	STATE_REFUSED, /* there is something, and none of it opens */
	STATE_FAILED,  /* the store does not answer, or no memory */
};

/* The newest state that opens, at most `room` bytes, into to; *len: its bytes. */
enum state_found state_load(struct state *s, void *to, uint32_t room, uint32_t *len);
/* Returns once it lasts. False: it may last or not, and what was there before is not touched. */
bool state_save(struct state *s, const void *from, uint32_t len);

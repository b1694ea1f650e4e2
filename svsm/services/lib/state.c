/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Slots, and which of them counts:
 *
 *	slot 0, slot 1     opens, opens    the one with the higher (epoch, counter)
 *	                   opens, not      that one: the other's write was interrupted
 *	                   not, not        none, or refused
 *
 * A save writes the other slot and syncs; only then does it count, and the next save goes to the
 *slot that was the newest before. A save that fails is repeated in the same slot.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include "services/lib/state.h"

#define HEAD ((uint32_t)sizeof(struct seal_head))

static const struct state_key *key_of(const struct state *s, uint64_t epoch)
{
	for (unsigned i = 0; i < s->key_count; i++)
		if (s->keys[i].epoch == epoch)
			return &s->keys[i];
	return NULL;
}

static bool is_ours(const struct state *s, const struct seal_head *h, uint32_t room)
{
	return seal_there(h) && h->length <= room && h->length <= s->store->slot_size - HEAD &&
	       memcmp(h->identity, s->identity, SEAL_IDENTITY) == 0 && key_of(s, h->epoch);
}

static bool is_newer(const struct state *s, const struct seal_head *h)
{
	return !s->counter || h->epoch > s->epoch ||
	       (h->epoch == s->epoch && h->counter > s->counter);
}

/* A slot into to, if it opens and is newer than what was found before. buffer: room bytes. False:
 * the store does not answer. */
static bool look(struct state *s, unsigned slot, const struct seal_head *h, uint8_t *buffer,
		 void *to, uint32_t *len, uint32_t room)
{
	if (!is_ours(s, h, room) || !h->counter || !is_newer(s, h))
		return true;
	if (!s->store->read(slot, HEAD, buffer, h->length))
		return false;
	if (!seal_open(h, key_of(s, h->epoch)->key, buffer, buffer))
		return true;
	memcpy(to, buffer, h->length);
	OPENSSL_cleanse(buffer, h->length);
	*len = h->length;
	s->next = !slot;
	s->counter = h->counter;
	s->epoch = h->epoch;
	return true;
}

/*
 * The first save ever was interrupted: no second one has begun. A head is written from its front,
 * so one that has a counter has its epoch: a first state under a key that is not ours is
 * somebody's.
 */
static bool is_first(const struct state *s, const struct seal_head *h)
{
	bool cut_off = !h[0].counter || (h[0].counter == 1 && key_of(s, h[0].epoch));

	return (!seal_there(&h[0]) || cut_off) && !seal_there(&h[1]);
}

enum state_found state_load(struct state *s, void *to, uint32_t room, uint32_t *len)
{
	uint8_t *buffer = malloc(room);
	struct seal_head h[STATE_SLOTS];
	bool ok = buffer;

	s->next = 0;
	s->counter = 0;
	for (unsigned slot = 0; slot < STATE_SLOTS; slot++)
		ok = ok && s->store->read(slot, 0, &h[slot], HEAD);
	for (unsigned slot = 0; slot < STATE_SLOTS; slot++)
		ok = ok && look(s, slot, &h[slot], buffer, to, len, room);
	free(buffer);
	if (!ok)
		return STATE_FAILED;
	return s->counter ? STATE_FOUND : is_first(s, h) ? STATE_NONE : STATE_REFUSED;
}

static bool write_out(const struct state *s, const struct seal_head *h, const void *sealed)
{
	return s->store->write(s->next, HEAD, sealed, h->length) &&
	       s->store->write(s->next, 0, h, HEAD) && s->store->sync();
}

bool state_save(struct state *s, const void *from, uint32_t len)
{
	const struct state_key *k = &s->keys[s->key_count - 1];
	struct seal_head h = {.length = len, .epoch = k->epoch, .counter = s->counter + 1};
	uint8_t *sealed = len <= s->store->slot_size - HEAD ? malloc(len ? len : 1) : NULL;
	bool ok;

	memcpy(h.identity, s->identity, SEAL_IDENTITY);
	ok = sealed && seal_close(&h, k->key, from, sealed) && write_out(s, &h, sealed);
	free(sealed);
	if (!ok)
		return false;
	s->counter = h.counter;
	s->epoch = h.epoch;
	s->next = !s->next;
	return true;
}

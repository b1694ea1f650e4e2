/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The ring behind the log. Its producers nest instead of running side by side: they are all code
 * of one CPU, but an exception may interrupt one of them anywhere and put in lines of its own. So
 * a producer reserves its slot by one compare-exchange, fills it, and marks it ready; none ever
 * waits for another. log/log.c is the only user beside the tests.
 */
#include "log/logring.h"
#include "lib/string.h"

_Static_assert(sizeof(struct logring) <= 4 * PAGE_SIZE, "one small block of pages per CPU");

/*
 * Reserves the slot at head. An exception between the load and the exchange may have taken that
 * slot; then the exchange fails and the loop tries the next one. NULL when all slots are in use.
 */
static struct logring_slot *reserve(struct logring *r)
{
	uint32_t at = __atomic_load_n(&r->head, __ATOMIC_RELAXED);

	do {
		if (at - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) >= LOGRING_SLOTS)
			return NULL;
	} while (!__atomic_compare_exchange_n(&r->head, &at, at + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return &r->slot[at % LOGRING_SLOTS];
}

bool logring_put(struct logring *r, const char *text, size_t len)
{
	struct logring_slot *s = reserve(r);

	if (!s) {
		__atomic_fetch_add(&r->lost, 1, __ATOMIC_RELAXED);
		return false;
	}
	s->len = MIN(len, (size_t)LOGRING_LINE);
	memcpy(s->text, text, s->len);
	__atomic_store_n(&s->state, LOGRING_READY, __ATOMIC_RELEASE);
	return true;
}

/* A slot that is reserved but not ready ends the search unless `skip` is set: its line is older
 * than those behind it and must come out first. */
size_t logring_get(struct logring *r, char *out, bool skip)
{
	while (r->tail != __atomic_load_n(&r->head, __ATOMIC_ACQUIRE)) {
		struct logring_slot *s = &r->slot[r->tail % LOGRING_SLOTS];
		bool ready = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == LOGRING_READY;
		size_t len = 0;

		if (!ready && !skip)
			return 0;
		if (ready) {
			len = MIN(s->len, (uint32_t)LOGRING_LINE);
			memcpy(out, s->text, len);
		}
		s->state = LOGRING_FREE;
		__atomic_store_n(&r->tail, r->tail + 1, __ATOMIC_RELEASE);
		if (len)
			return len;
	}
	return 0;
}

uint32_t logring_lost(struct logring *r)
{
	return __atomic_exchange_n(&r->lost, 0, __ATOMIC_RELAXED);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The keys as the launch page asks for them: the contract is in sealing_keys.h; durable.c calls it.
 */
#include "services/vtpm/sealing_keys.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include "services/lib/release/release.h"

static struct release release;
static bool waits; /* the server of those keys, for a word */

_Static_assert(STATE_KEYS == RELEASE_KEYS_MAX, "each key that is given can be used");

static void use(struct state *s, uint64_t epoch, const uint8_t key[SEAL_KEY])
{
	struct state_key *k = &s->keys[s->key_count++];

	k->epoch = epoch;
	memcpy(k->key, key, SEAL_KEY);
}

static bool ask(struct vtpm_launch *l)
{
	const char *why = release_ask(&l->state, l->flags & LAUNCH_FLAG_KEYS_UNSIGNED, &release);

	if (why) {
		fprintf(stderr, "state: %s\n", why);
		return false;
	}
	waits = release.epochs;
	l->proved = release.proved;
	l->key_count = release.count;
	memcpy(l->keys, release.keys, sizeof(l->keys));
	return true;
}

/* The test key is no secret: docs/persistence.md. */
bool sealing_keys_find(struct vtpm_launch *l, struct state *s)
{
	s->key_count = 0;
	waits = false;
	if (l->flags & LAUNCH_FLAG_TEST_KEY)
		use(s, 0, l->state.test_key);
	if (l->flags & LAUNCH_FLAG_KEYS && (l->key_count || ask(l)))
		for (uint32_t i = 0; i < l->key_count; i++)
			use(s, l->keys[i].epoch, l->keys[i].key);
	return s->key_count;
}

void sealing_keys_keep_all(void)
{
	waits = false;
}

/* What is burnt does not open for a program that begins anew either. */
static void burn(struct vtpm_launch *l)
{
	struct release_key newest = l->keys[l->key_count - 1];

	OPENSSL_cleanse(l->keys, sizeof(l->keys));
	l->keys[0] = newest;
	l->key_count = 1;
	l->proved = true;
	OPENSSL_cleanse(&newest, sizeof(newest));
}

enum sealing_keys_confirmed sealing_keys_confirm(struct vtpm_launch *l)
{
	bool burnt;

	if (!waits)
		return SEALING_KEYS_SAME;
	waits = false;
	burnt = release_confirm(&release);
	OPENSSL_cleanse(&release, sizeof(release));
	if (burnt)
		burn(l);
	return burnt ? SEALING_KEYS_BURNT : SEALING_KEYS_LEFT;
}

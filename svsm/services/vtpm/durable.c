/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The launch says whose state it is, and with which key or by whom keys are given; the channel has
 * the slots; services/lib/state.c knows which of them counts. Nothing that is there is overwritten
 * unless it has been opened.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "services/lib/channel.h"
#include "services/lib/service.h"
#include "services/lib/state.h"
#include "services/vtpm/durable.h"
#include "services/lib/release/release.h"

static const struct state_store store = {channel_read, channel_write, channel_sync,
					 CHANNEL_SLOT_SIZE};

static struct {
	bool kept;     /* the state goes to the slots */
	bool required; /* no TPM without that */
	bool dirty;
	struct state state;
	struct release release;
	uint32_t keys;           /* ATTEST_KEPT_* */
	bool confirm;            /* the server of those keys waits for a word */
	uint8_t *found, *latest; /* malloc'ed, or NULL */
	size_t found_len, latest_len;
} durable;

static void say(const char *text)
{
	fprintf(stderr, "state: %s\n", text);
}

/* What can go wrong, in words. In any case the TPM goes on without a state, or not at all. */
static bool give_up(const char *why)
{
	durable.kept = false;
	say(why);
	say(durable.required ? "the launch requires it, so this TPM serves nobody"
			     : "the TPM is a new one, and will not be kept");
	return !durable.required;
}

static void forget(uint8_t **p, size_t len)
{
	if (*p)
		OPENSSL_cleanse(*p, len);
	free(*p);
	*p = NULL;
}

_Static_assert(STATE_KEYS == RELEASE_KEYS_MAX, "each key that is given can be used");

static void use_key(uint64_t epoch, const uint8_t key[SEAL_KEY])
{
	struct state_key *k = &durable.state.keys[durable.state.key_count++];

	k->epoch = epoch;
	memcpy(k->key, key, SEAL_KEY);
}

/*
 * A server is asked once a launch. The kernel keeps what it gave, for a program that begins anew
 * after a fault; without that the next one asks again, if it still may.
 */
static bool ask_for_keys(struct vtpm_launch *l)
{
	const char *why =
		release_ask(&l->state, l->flags & LAUNCH_FLAG_KEYS_UNSIGNED, &durable.release);

	if (why) {
		say(why);
		return false;
	}
	durable.confirm = durable.release.epochs;
	l->key_count = durable.release.count;
	memcpy(l->keys, durable.release.keys, sizeof(l->keys));
	service_store(VTPM_SLOT_LAUNCH, l, sizeof(*l));
	return true;
}

/* The test key is no secret: docs/persistence.md. */
static bool find_keys(struct vtpm_launch *l)
{
	if (l->flags & LAUNCH_FLAG_TEST_KEY)
		use_key(0, l->state.test_key);
	if (l->flags & LAUNCH_FLAG_KEYS && (l->key_count || ask_for_keys(l)))
		for (uint32_t i = 0; i < l->key_count; i++)
			use_key(l->keys[i].epoch, l->keys[i].key);
	return durable.state.key_count;
}

static void set_up(const struct vtpm_launch *l)
{
	memcpy(durable.state.identity, l->state.identity, SEAL_IDENTITY);
	durable.state.key_count = 0;
	durable.state.store = &store;
	durable.required = l->flags & LAUNCH_FLAG_STATE_REQUIRED;
	durable.keys = l->flags & LAUNCH_FLAG_KEYS_UNSIGNED ? ATTEST_KEPT_UNSIGNED
		       : l->flags & LAUNCH_FLAG_KEYS        ? ATTEST_KEPT_SIGNED
							    : ATTEST_KEPT_TEST_KEY;
}

static bool find(void)
{
	enum state_found found;
	uint32_t len = 0;

	durable.found = malloc(SERVICE_BLOB_MAX);
	found = durable.found ? state_load(&durable.state, durable.found, SERVICE_BLOB_MAX, &len)
			      : STATE_FAILED;
	durable.found_len = found == STATE_FOUND ? len : 0;
	durable.kept = found == STATE_FOUND || found == STATE_NONE;
	if (durable.kept) {
		fprintf(stderr, "state: %u bytes found, number %llu\n", len,
			(unsigned long long)durable.state.counter);
		return true;
	}
	forget(&durable.found, SERVICE_BLOB_MAX);
	return give_up(found == STATE_REFUSED ? "what the host gives does not open"
					      : "the host does not give it");
}

bool durable_begin(void)
{
	struct vtpm_launch l;
	bool ok;

	if (service_load(VTPM_SLOT_LAUNCH, &l, sizeof(l)) != sizeof(l))
		return true;
	set_up(&l);
	if (!channel_open(CHANNEL_FEATURE_SLOTS |
			  (l.flags & LAUNCH_FLAG_KEYS ? CHANNEL_FEATURE_KEYS : 0)))
		return give_up("no host answers on the channel");
	ok = find_keys(&l);
	OPENSSL_cleanse(&l, sizeof(l));
	if (!ok)
		return give_up("there is no key for it");
	channel_hurry();
	ok = find();
	channel_relax();
	return ok;
}

size_t durable_load(void *to, size_t room)
{
	size_t len = durable.found && durable.found_len <= room ? durable.found_len : 0;

	if (len)
		memcpy(to, durable.found, len);
	return len;
}

void durable_changed(const void *state, size_t len)
{
	if (!durable.kept)
		return;
	forget(&durable.latest, durable.latest_len);
	forget(&durable.found, SERVICE_BLOB_MAX);
	durable.latest = malloc(len);
	durable.latest_len = len;
	durable.dirty = true;
	if (durable.latest)
		memcpy(durable.latest, state, len);
}

/* The kernel's word to verifiers of which state there is. */
static void tell_kept(void)
{
	struct attest_kept kept = {.epoch = durable.state.epoch,
				   .counter = durable.state.counter,
				   .keys = durable.keys};

	service_store(VTPM_SLOT_KEPT, &kept, sizeof(kept));
}

/* The start of a TPM writes its state, with the newest key, and so the first save proves that the
 * older ones are not needed any more. Without an answer the server keeps them until the next launch
 * has proved it. */
static void confirm(void)
{
	if (!durable.confirm)
		return;
	durable.confirm = false;
	if (!release_confirm(&durable.release))
		say("the key server has not heard that the newest key is in use");
	OPENSSL_cleanse(&durable.release, sizeof(durable.release));
}

bool durable_settle(void)
{
	bool saved;

	if (!durable.kept || !durable.dirty)
		return true;
	saved = durable.latest &&
		state_save(&durable.state, durable.latest, (uint32_t)durable.latest_len);
	durable.dirty = false;
	forget(&durable.latest, durable.latest_len);
	if (saved) {
		tell_kept();
		confirm();
	}
	return saved || give_up("it could not be written");
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The launch says whose state it is and with which key; the channel has the slots;
 * services/lib/state.c knows which of them counts. Nothing that is there is overwritten unless it
 * has been opened.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "services/lib/channel.h"
#include "services/lib/service.h"
#include "services/lib/state.h"
#include "services/vtpm/durable.h"

static const struct state_store store = {channel_read, channel_write, channel_sync,
					 CHANNEL_SLOT_SIZE};

static struct {
	bool kept;     /* the state goes to the slots */
	bool required; /* no TPM without that */
	bool dirty;
	struct state state;
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

/* The key that the launch page gives. It is no secret: docs/persistence.md, "The test key". */
static bool set_up(const struct vtpm_launch *l)
{
	memcpy(durable.state.identity, l->state.identity, SEAL_IDENTITY);
	memcpy(durable.state.keys[0].key, l->state.test_key, SEAL_KEY);
	durable.state.key_count = 1;
	durable.state.store = &store;
	durable.required = l->flags & LAUNCH_FLAG_STATE_REQUIRED;
	return l->flags & LAUNCH_FLAG_TEST_KEY;
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
	if (!set_up(&l))
		return give_up("there is no key for it");
	if (!channel_open(CHANNEL_FEATURE_SLOTS))
		return give_up("no host answers on the channel");
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

bool durable_settle(void)
{
	bool saved;

	if (!durable.kept || !durable.dirty)
		return true;
	saved = durable.latest &&
		state_save(&durable.state, durable.latest, (uint32_t)durable.latest_len);
	durable.dirty = false;
	forget(&durable.latest, durable.latest_len);
	return saved || give_up("it could not be written");
}

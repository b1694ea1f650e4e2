/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The launch says whose state it is; sealing_keys.c has what it is sealed with; the channel has the
 * slots; services/lib/state.c knows which of them counts. Nothing that is there is overwritten
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
#include "services/vtpm/sealing_keys.h"

static const struct state_store store = {channel_read, channel_write, channel_sync,
					 CHANNEL_SLOT_SIZE};

static struct {
	bool kept;     /* the state goes to the slots */
	bool required; /* no TPM without that */
	bool dirty;
	struct state state;
	struct vtpm_launch launch; /* as the kernel keeps it */
	uint32_t keys;             /* ATTEST_KEPT_* */
	uint8_t *found, *latest;   /* malloc'ed, or NULL */
	size_t found_len, latest_len;
} durable;

static void say(const char *text)
{
	fprintf(stderr, "state: %s\n", text);
}

/* What a program that begins anew after a fault has to know. Without the kernel's memory for it a
 * second one would ask once more, and be refused. */
static void note(void)
{
	if (service_store(VTPM_SLOT_LAUNCH, &durable.launch, sizeof(durable.launch)) != 0)
		say("no memory to remember how it stands with the state");
}

/*
 * What can go wrong, in words. In any case the TPM goes on without a state, or not at all, and so
 * does a program after this one: it would find the slots again, and another TPM in the kernel. The
 * word to verifiers is taken back.
 */
static bool give_up(const char *why)
{
	static const uint8_t nothing;

	durable.kept = false;
	say(why);
	say(durable.required ? "the launch requires it, so this TPM serves nobody"
			     : "the TPM is a new one, and will not be kept");
	OPENSSL_cleanse(durable.launch.keys, sizeof(durable.launch.keys));
	durable.launch.key_count = 0;
	durable.launch.unkept = true;
	note();
	service_store(VTPM_SLOT_KEPT, &nothing, sizeof(nothing));
	return !durable.required;
}

static void forget(uint8_t **p, size_t len)
{
	if (*p)
		OPENSSL_cleanse(*p, len);
	free(*p);
	*p = NULL;
}

static void set_up(const struct vtpm_launch *l)
{
	memcpy(durable.state.identity, l->state.identity, SEAL_IDENTITY);
	durable.state.store = &store;
	durable.required = l->flags & LAUNCH_FLAG_STATE_REQUIRED;
	durable.keys = l->flags & LAUNCH_FLAG_KEYS_UNSIGNED ? ATTEST_KEPT_UNSIGNED
		       : l->flags & LAUNCH_FLAG_KEYS        ? ATTEST_KEPT_SIGNED
							    : ATTEST_KEPT_TEST_KEY;
}

/*
 * Slots without a state are those of a new TPM, unless the server knows of a state: then somebody
 * keeps it back, or has named another file. What an earlier launch may have sealed, and nobody has
 * proved, is not burnt for the sake of a new one.
 */
static enum state_found judge(enum state_found found)
{
	if (found == STATE_NONE && durable.launch.proved)
		return STATE_REFUSED;
	if (found == STATE_NONE && durable.state.key_count > 1)
		sealing_keys_keep_all();
	return found;
}

/* A counter that a verifier has seen does not go back, whatever the host shows now. */
static void not_below_told(void)
{
	struct attest_kept told;

	if (service_load(VTPM_SLOT_KEPT, &told, sizeof(told)) == sizeof(told) &&
	    told.epoch == durable.state.keys[durable.state.key_count - 1].epoch)
		durable.state.counter = MAX(durable.state.counter, told.counter);
}

static bool find(void)
{
	enum state_found found;
	uint32_t len = 0;

	durable.found = malloc(SERVICE_BLOB_MAX);
	found = durable.found ? state_load(&durable.state, durable.found, SERVICE_BLOB_MAX, &len)
			      : STATE_FAILED;
	found = judge(found);
	durable.found_len = found == STATE_FOUND ? len : 0;
	durable.kept = found == STATE_FOUND || found == STATE_NONE;
	if (durable.kept) {
		fprintf(stderr, "state: %u bytes found, number %llu\n", len,
			(unsigned long long)durable.state.counter);
		not_below_told();
		return true;
	}
	forget(&durable.found, SERVICE_BLOB_MAX);
	return give_up(found != STATE_REFUSED  ? "the host does not give it"
		       : durable.launch.proved ? "what the host gives does not open, or is not "
						 "there, and there is one"
					       : "what the host gives does not open");
}

bool durable_begin(void)
{
	struct vtpm_launch *l = &durable.launch;
	bool ok;

	if (service_load(VTPM_SLOT_LAUNCH, l, sizeof(*l)) != sizeof(*l))
		return true;
	set_up(l);
	if (l->unkept)
		return !durable.required;
	if (!channel_open(CHANNEL_FEATURE_SLOTS |
			  (l->flags & LAUNCH_FLAG_KEYS ? CHANNEL_FEATURE_KEYS : 0)))
		return give_up("no host answers on the channel");
	if (!sealing_keys_find(l, &durable.state))
		return give_up("there is no key for it");
	note();
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

/*
 * The start of a TPM writes its state with the newest key, so the first save proves that the older
 * ones are not needed any more. A server that does not prove that it has burnt them, or a host that
 * keeps the words to itself, leaves the way back open: a launch that requires its state ends there.
 */
static bool confirm(void)
{
	static const char why[] = "the key server does not prove that older keys are burnt";

	switch (sealing_keys_confirm(&durable.launch)) {
	case SEALING_KEYS_BURNT:
		note();
		return true;
	case SEALING_KEYS_LEFT:
		if (durable.required)
			return give_up(why);
		say(why);
		return true;
	default:
		return true;
	}
}

static bool save(void)
{
	bool saved;

	channel_hurry();
	saved = durable.latest &&
		state_save(&durable.state, durable.latest, (uint32_t)durable.latest_len);
	channel_relax();
	durable.dirty = false;
	forget(&durable.latest, durable.latest_len);
	return saved;
}

bool durable_settle(void)
{
	if (!durable.kept || !durable.dirty)
		return true;
	if (!save())
		return give_up("it could not be written");
	tell_kept();
	return confirm();
}

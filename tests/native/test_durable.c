/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A TPM's state under the keys of a key server, launch after launch (docs/persistence.md,
 * docs/key-release.md): which key opens, which seals, when the server hears of it, and that it is
 * asked once a launch, however often the program begins anew. The server and the slots are played
 * here.
 *
 * sources: svsm/services/vtpm/durable.c svsm/services/vtpm/sealing_keys.c svsm/services/lib/state.c
 * sources: svsm/services/lib/state_seal.c
 * libs: -l:libcrypto.a
 */
#include <errno.h>
#include <string.h>
#include "abi/service.h"
#include "services/lib/channel.h"
#include "services/lib/service.h"
#include "services/vtpm/durable.h"
#include "services/lib/release/release.h"
#include "tests/native/check.h"

/* ---- the host: two slots ---- */

static struct {
	uint8_t slot[2][CHANNEL_SLOT_SIZE];
	uint32_t wanted; /* features, by the last HELLO */
	unsigned writes;
	bool absent, full;
} host;

bool channel_open(uint32_t wanted)
{
	host.wanted = wanted;
	return !host.absent;
}

void channel_hurry(void)
{
}

void channel_relax(void)
{
}

bool channel_read(unsigned slot, uint32_t offset, void *to, uint32_t len)
{
	memcpy(to, host.slot[slot] + offset, len);
	return true;
}

bool channel_write(unsigned slot, uint32_t offset, const void *from, uint32_t len)
{
	host.writes++;
	memcpy(host.slot[slot] + offset, from, len);
	return !host.full;
}

bool channel_sync(void)
{
	return true;
}

/* ---- the key server ---- */

static struct {
	uint64_t first; /* epoch; a key's bytes are its epoch's */
	uint32_t count; /* of keys that it gives; 0: none */
	bool bare, deaf;
	unsigned asked, heard;
	uint64_t proved;
	bool anybody; /* may have given them */
	bool known;   /* a state was proved before */
} keys;

const char *release_ask(const struct launch_state *launch, bool unsigned_too, struct release *r)
{
	CHECK_EQ(launch->identity[0], 0x1d);
	keys.asked++;
	keys.anybody = unsigned_too;
	memset(r, 0, sizeof(*r));
	if (!keys.count)
		return "a test";
	r->count = keys.count;
	r->epochs = !keys.bare;
	r->proved = keys.known;
	for (uint32_t i = 0; i < keys.count; i++) {
		r->keys[i].epoch = keys.bare ? 0 : keys.first + i;
		memset(r->keys[i].key, (int)(keys.first + i), RELEASE_KEY);
	}
	return NULL;
}

/* What is told is true already: the state is there, with the newest key. */
bool release_confirm(const struct release *r)
{
	CHECK(host.writes);
	keys.heard++;
	keys.proved = r->keys[r->count - 1].epoch;
	return !keys.deaf;
}

/* ---- the kernel's slots ---- */

static struct vtpm_launch kernel;
static struct attest_kept kept;
static bool tells;

/* One that is none is the word that nothing is kept any more. */
static void store_kept(const void *from, size_t len)
{
	memset(&kept, 0, sizeof(kept));
	if (len == sizeof(kept))
		memcpy(&kept, from, len);
}

int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	if (number == SERVICE_CALL_LOAD && a == VTPM_SLOT_LAUNCH && tells) {
		CHECK_EQ(c, sizeof(kernel));
		memcpy((void *)b, &kernel, sizeof(kernel));
		return sizeof(kernel);
	}
	if (number == SERVICE_CALL_LOAD && a == VTPM_SLOT_KEPT && kept.counter) {
		memcpy((void *)b, &kept, sizeof(kept));
		return sizeof(kept);
	}
	if (number == SERVICE_CALL_STORE && a == VTPM_SLOT_LAUNCH && CHECK_EQ(c, sizeof(kernel)))
		memcpy(&kernel, (const void *)b, c);
	else if (number == SERVICE_CALL_STORE && a == VTPM_SLOT_KEPT)
		store_kept((const void *)b, c);
	else
		return -ENOENT;
	return 0;
}

/* ---- launches ---- */

static void launch(uint32_t flags, uint64_t first, uint32_t count)
{
	kernel = (struct vtpm_launch){.flags = LAUNCH_FLAG_STATE | flags};
	memset(kernel.state.identity, 0x1d, sizeof(kernel.state.identity));
	memset(&keys, 0, sizeof(keys));
	memset(&kept, 0, sizeof(kept));
	keys.first = first;
	keys.count = count;
	host.absent = host.full = false;
	tells = true;
}

/* The TPM's start writes its state; the number that it found: 0, a new TPM. */
static uint8_t start(uint8_t next)
{
	uint8_t found = 0;

	host.writes = 0;
	CHECK(durable_begin());
	durable_load(&found, 1);
	durable_changed(&next, 1);
	CHECK(durable_settle());
	return found;
}

static void new_disk(void)
{
	memset(&host, 0, sizeof(host));
}

TEST(each_launch_seals_with_the_newest_key_and_says_so)
{
	new_disk();
	for (uint8_t epoch = 1; epoch < 10; epoch++) {
		check_context("epoch %u", epoch);
		launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, epoch > 1 ? epoch - 1 : 1,
		       epoch > 1 ? 2 : 1);
		CHECK_EQ(start(epoch), epoch - 1);
		CHECK_EQ(host.wanted, CHANNEL_FEATURE_SLOTS | CHANNEL_FEATURE_KEYS);
		CHECK_EQ(keys.heard, 1);
		CHECK_EQ(keys.proved, epoch);
		CHECK_EQ(kept.epoch, epoch);
		CHECK_EQ(kept.keys, ATTEST_KEPT_SIGNED);
		CHECK_EQ(kept.counter, epoch);
		CHECK(!keys.anybody);
	}
}

/* Launches that ended before they could prove anything: all keys since the state are given. */
TEST(the_oldest_of_four_keys_opens_and_the_newest_seals)
{
	new_disk();
	launch(LAUNCH_FLAG_KEYS, 1, 1);
	CHECK_EQ(start(0x41), 0);
	launch(LAUNCH_FLAG_KEYS, 1, 4);
	CHECK_EQ(start(0x42), 0x41);
	CHECK_EQ(keys.proved, 4);
	launch(LAUNCH_FLAG_KEYS, 4, 1);
	CHECK_EQ(start(0x43), 0x42);
}

/* What the host has kept of an earlier launch, when the server has burnt its key. */
TEST(an_older_file_opens_no_more)
{
	static uint8_t old[sizeof(host.slot)], now[sizeof(host.slot)];

	new_disk();
	launch(LAUNCH_FLAG_KEYS, 1, 1);
	start(0x41);
	memcpy(old, host.slot, sizeof(old));
	launch(LAUNCH_FLAG_KEYS, 1, 2);
	start(0x42);
	memcpy(now, host.slot, sizeof(now));
	memcpy(host.slot, old, sizeof(old));
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 2, 2);
	CHECK(!durable_begin());
	CHECK_MEM(host.slot, old, sizeof(old)); /* nor is it touched */
	CHECK_EQ(keys.heard, 0);
	memcpy(host.slot, now, sizeof(now));
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 2, 2);
	CHECK_EQ(start(0x43), 0x42);
}

TEST(a_program_that_begins_anew_does_not_ask_again)
{
	new_disk();
	launch(LAUNCH_FLAG_KEYS, 5, 2);
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(start(0x42), 0x41);
	CHECK_EQ(start(0x43), 0x42);
	CHECK_EQ(keys.asked, 1);
	CHECK_EQ(kept.epoch, 6);
}

TEST(what_is_burnt_does_not_open_for_a_program_that_begins_anew)
{
	static uint8_t old[sizeof(host.slot)];

	new_disk();
	launch(LAUNCH_FLAG_KEYS, 1, 1);
	start(0x41);
	memcpy(old, host.slot, sizeof(old));
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 1, 2);
	CHECK_EQ(start(0x42), 0x41);
	CHECK_EQ(kernel.key_count, 1);
	CHECK_EQ(kernel.keys[0].epoch, 2);
	CHECK_EQ(start(0x43), 0x42);
	memcpy(host.slot, old, sizeof(old));
	CHECK(!durable_begin());
}

/* The host may have swallowed the proof, so that older keys go on to open what it has kept. */
TEST(without_proof_that_older_keys_are_burnt)
{
	new_disk();
	launch(LAUNCH_FLAG_KEYS, 1, 1);
	keys.deaf = true;
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(keys.heard, 1);
	durable_changed("\x42", 1);
	CHECK(durable_settle());
	CHECK_EQ(keys.heard, 1); /* and is not said again */
	CHECK_EQ(kept.counter, 2);
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 1, 2);
	keys.deaf = true;
	host.writes = 0;
	CHECK(durable_begin());
	durable_changed("\x43", 1);
	CHECK(!durable_settle());
	CHECK_EQ(kept.counter, 0);
	CHECK(!durable_begin()); /* nor does a program that begins anew */
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 1, 3);
	CHECK_EQ(start(0x44), 0x43); /* nothing is lost */
}

/* The server knows of a state, so slots without one are those of another file, or of a liar. */
TEST(an_empty_store_is_not_a_new_tpm_where_there_was_a_state)
{
	new_disk();
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 3, 2);
	keys.known = true;
	CHECK(!durable_begin());
	launch(LAUNCH_FLAG_KEYS, 3, 2);
	keys.known = true;
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(host.writes + keys.heard, 0);
	CHECK_EQ(kept.counter, 0);
}

/* An earlier launch may have sealed a state and not proved it: its key must not be burnt for a TPM
 * that is new because somebody named another file. */
TEST(a_new_tpm_burns_nothing)
{
	new_disk();
	launch(LAUNCH_FLAG_KEYS, 1, 2);
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(keys.heard, 0);
	launch(LAUNCH_FLAG_KEYS, 1, 3);
	CHECK_EQ(start(0x42), 0x41);
	CHECK_EQ(keys.heard, 1);
}

/* The state is there again when the program begins anew; the kernel has another TPM by then. */
TEST(what_was_given_up_is_not_taken_up_again)
{
	static uint8_t old[sizeof(host.slot)];

	new_disk();
	launch(LAUNCH_FLAG_TEST_KEY, 0, 0);
	CHECK_EQ(start(0x41), 0);
	memcpy(old, host.slot, sizeof(old));
	launch(LAUNCH_FLAG_TEST_KEY, 0, 0);
	host.absent = true;
	CHECK_EQ(start(0x42), 0);
	host.absent = false;
	CHECK_EQ(start(0x43), 0);
	CHECK_MEM(host.slot, old, sizeof(old));
}

TEST(what_could_not_be_written_is_not_proved)
{
	for (unsigned required = 0; required < 2; required++) {
		new_disk();
		launch(LAUNCH_FLAG_KEYS | (required ? LAUNCH_FLAG_STATE_REQUIRED : 0), 1, 1);
		CHECK(durable_begin());
		host.full = true;
		durable_changed("\x41", 1);
		CHECK_EQ(durable_settle(), !required);
		CHECK_EQ(keys.heard, 0);
		CHECK_EQ(kept.counter, 0);
	}
}

/* No key: no guest, or a TPM that is not kept. */
TEST(no_keys)
{
	new_disk();
	launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_STATE_REQUIRED, 1, 0);
	CHECK(!durable_begin());
	launch(LAUNCH_FLAG_KEYS, 1, 0);
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(host.writes, 0);
	CHECK_EQ(kept.counter, 0);
	launch(LAUNCH_FLAG_KEYS, 1, 1);
	host.absent = true;
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(keys.asked, 0);
	CHECK_EQ(host.writes, 0);
}

TEST(a_bare_key_of_anybody)
{
	new_disk();
	for (uint8_t i = 0; i < 3; i++) {
		launch(LAUNCH_FLAG_KEYS | LAUNCH_FLAG_KEYS_UNSIGNED, 9, 1);
		keys.bare = true;
		CHECK_EQ(start((uint8_t)(0x41 + i)), i ? 0x40 + i : 0);
		CHECK(keys.anybody);
		CHECK_EQ(keys.heard, 0); /* it counts no epochs */
		CHECK_EQ(kept.keys, ATTEST_KEPT_UNSIGNED);
	}
}

TEST(who_asks_for_none_is_asked_for_none)
{
	new_disk();
	launch(LAUNCH_FLAG_TEST_KEY, 1, 1);
	memset(kernel.state.test_key, 0x7e, sizeof(kernel.state.test_key));
	CHECK_EQ(start(0x41), 0);
	CHECK_EQ(host.wanted, CHANNEL_FEATURE_SLOTS);
	CHECK_EQ(keys.asked, 0);
	CHECK_EQ(kept.keys, ATTEST_KEPT_TEST_KEY);
	tells = false;
	host.wanted = 0;
	CHECK(durable_begin());
	CHECK_EQ(host.wanted, 0);
}

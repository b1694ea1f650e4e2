/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A state in two slots on a disk that loses its power at a thousand random moments: sectors that
 * were written since the last sync are there, or not, or torn, in any combination. What comes up is
 * the last state whose save had returned, or the one whose save was under way. Then forged and
 * foreign slots (docs/persistence.md).
 *
 * sources: svsm/services/lib/state.c svsm/services/lib/state_seal.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "services/lib/state.h"

#include <string.h>

#define SECTOR  512u
#define SECTORS 24u
#define SLOT    (SECTOR * SECTORS)
#define LEN_MAX (SLOT - 96)

/* `now` is what a read finds, `media` what a cut of the power leaves. */
static struct {
	uint8_t now[STATE_SLOTS][SLOT], media[STATE_SLOTS][SLOT];
	bool dirty[STATE_SLOTS][SECTORS];
	unsigned steps, kill_at; /* a sector or a sync each; 0: never */
	uint32_t seed;
} disk;

/* What is left of each sector that was not synced: the old, the new, or a part of either. One time
 * of four the disk has got all of it written before, one time nothing. */
static void power_off(void)
{
	uint32_t luck = check_random(&disk.seed) % 4;

	if (luck == 0)
		memcpy(disk.media, disk.now, sizeof(disk.media));
	for (unsigned slot = 0; slot < STATE_SLOTS && luck > 1; slot++)
		for (unsigned i = 0; i < SECTORS; i++) {
			uint32_t at = i * SECTOR, cut = check_random(&disk.seed) % (2 * SECTOR);
			bool tail = check_random(&disk.seed) & 1;

			if (!disk.dirty[slot][i] || check_random(&disk.seed) % 3 == 0)
				continue;
			cut = cut < SECTOR ? cut : SECTOR;
			memcpy(disk.media[slot] + at + (tail ? SECTOR - cut : 0),
			       disk.now[slot] + at + (tail ? SECTOR - cut : 0), cut);
		}
	memcpy(disk.now, disk.media, sizeof(disk.now));
	memset(disk.dirty, 0, sizeof(disk.dirty));
	disk.steps = disk.kill_at = 0;
}

static bool step(void)
{
	return !disk.kill_at || ++disk.steps < disk.kill_at;
}

static bool disk_read(unsigned slot, uint32_t offset, void *to, uint32_t len)
{
	CHECK(slot < STATE_SLOTS && offset + len <= SLOT);
	memcpy(to, disk.now[slot] + offset, len);
	return true;
}

static bool disk_write(unsigned slot, uint32_t offset, const void *from, uint32_t len)
{
	CHECK(slot < STATE_SLOTS && offset + len <= SLOT);
	for (uint32_t i = 0; i < len; i++) {
		if ((i == 0 || (offset + i) % SECTOR == 0) && !step())
			return false;
		disk.now[slot][offset + i] = ((const uint8_t *)from)[i];
		disk.dirty[slot][(offset + i) / SECTOR] = true;
	}
	return true;
}

/* The host may lose its power while it syncs: some of it lasts then. */
static bool disk_sync(void)
{
	if (!step())
		return false;
	memcpy(disk.media, disk.now, sizeof(disk.media));
	memset(disk.dirty, 0, sizeof(disk.dirty));
	return true;
}

static const struct state_store store = {disk_read, disk_write, disk_sync, SLOT};

static struct state begin(void)
{
	struct state s = {.store = &store, .identity = {1, 2, 3}, .key_count = 1};

	s.keys[0] = (struct state_key){.epoch = 5, .key = {9, 8, 7}};
	return s;
}

static void reset(void)
{
	memset(&disk, 0, sizeof(disk));
	disk.seed = 123456789u;
}

/* Each state's length and bytes are its number's. */
static uint32_t make(uint32_t number, uint8_t *out)
{
	uint32_t seed = number * 2654435761u + 1, len = 1 + check_random(&seed) % LEN_MAX;

	for (uint32_t i = 0; i < len; i++)
		out[i] = (uint8_t)check_random(&seed);
	return len;
}

static bool is_number(const uint8_t *data, uint32_t len, uint32_t number)
{
	static uint8_t want[SLOT];

	return len == make(number, want) && memcmp(data, want, len) == 0;
}

static uint8_t data[SLOT];

TEST(a_new_store_has_none)
{
	struct state s = begin();
	uint32_t len;

	reset();
	CHECK_EQ(state_load(&s, data, sizeof(data), &len), STATE_NONE);
	CHECK(state_save(&s, "one", 3));
	s = begin();
	CHECK_EQ(state_load(&s, data, sizeof(data), &len), STATE_FOUND);
	CHECK_EQ(len, 3);
	CHECK_MEM(data, "one", 3);
	CHECK_EQ(s.counter, 1);
	CHECK(!memmem(disk.media, sizeof(disk.media), "one", 3)); /* it is encrypted */
}

TEST(a_thousand_cuts)
{
	static uint8_t next[SLOT];
	struct state s = begin();
	unsigned old = 0, new = 0, none = 0;
	uint32_t len, number = 0; /* the last that was saved; 0: none */

	reset();
	for (unsigned cut = 0; cut < 1000; cut++) {
		bool dead = false;

		check_context("cut %u", cut);
		if (cut % 50 == 0) { /* a disk that is new */
			memset(disk.media, 0, sizeof(disk.media));
			memset(disk.now, 0, sizeof(disk.now));
			number = 0;
		}
		s = begin();
		if (!CHECK_EQ(state_load(&s, data, sizeof(data), &len),
			      number ? STATE_FOUND : STATE_NONE))
			return;
		disk.kill_at = 1 + check_random(&disk.seed) % (number ? 100 : 20);
		for (unsigned i = 0; i < 200 && !dead; i++) {
			dead = !state_save(&s, next, make(number + 1, next));
			number += !dead;
		}
		CHECK(dead);
		power_off();
		s = begin();
		switch (state_load(&s, data, sizeof(data), &len)) {
		case STATE_FOUND:
			if (number && is_number(data, len, number))
				old++;
			else if (CHECK(is_number(data, len, number + 1)))
				new ++;
			number += !is_number(data, len, number);
			break;
		case STATE_NONE: /* only where none had been saved */
			CHECK_EQ(number, 0);
			none++;
			break;
		default:
			CHECK(!"a state");
		}
	}
	check_context("%u old, %u new, %u none", old, new, none);
	CHECK_EQ(old + new + none, 1000);
	CHECK(old > 300);
	CHECK(new > 10);
	CHECK(none > 2);
}

/* A save that fails without a loss of power, such as by a host that answers late, is made again in
 * the same slot: the good one is not touched. */
TEST(a_failed_save_does_not_move_on)
{
	static uint8_t good[sizeof(disk.now[0])];
	struct state s = begin();
	uint32_t len;

	reset();
	CHECK(state_save(&s, "good", 4));
	memcpy(good, disk.now[0], sizeof(good));
	for (unsigned i = 0; i < 3; i++) {
		disk.steps = 0;
		disk.kill_at = 3; /* body, head, no sync */
		CHECK(!state_save(&s, "lost", 4));
		CHECK_MEM(disk.now[0], good, sizeof(good));
	}
	power_off();
	s = begin();
	CHECK_EQ(state_load(&s, data, sizeof(data), &len), STATE_FOUND);
	CHECK(!memcmp(data, "good", 4) || !memcmp(data, "lost", 4));
	CHECK(state_save(&s, "last", 4));
	s = begin();
	CHECK_EQ(state_load(&s, data, sizeof(data), &len), STATE_FOUND);
	CHECK_MEM(data, "last", 4);
}

static void two_states(void)
{
	struct state s = begin();

	reset();
	CHECK(state_save(&s, "older", 5));
	CHECK(state_save(&s, "newer", 5));
}

static enum state_found load(struct state s, uint32_t *len)
{
	return state_load(&s, data, sizeof(data), len);
}

/* Each bit of the newer one: head, tag and body alike. What is left is the older one. */
TEST(a_flipped_bit_is_not_the_newer_state)
{
	const uint32_t size = 96 + 5;
	uint32_t len;

	two_states();
	for (uint32_t bit = 0; bit < 8 * size; bit++) {
		uint32_t byte = bit / 8;

		if (byte >= 92 && byte < 96) /* reserved */
			continue;
		check_context("byte %u bit %u", byte, bit % 8);
		disk.now[1][byte] ^= (uint8_t)(1u << bit % 8);
		CHECK_EQ(load(begin(), &len), STATE_FOUND);
		CHECK_MEM(data, "older", 5);
		disk.now[1][byte] ^= (uint8_t)(1u << bit % 8);
	}
	CHECK_EQ(load(begin(), &len), STATE_FOUND);
	CHECK_MEM(data, "newer", 5);
}

TEST(another_key_or_owner_or_epoch_opens_nothing)
{
	struct state s = begin();
	uint32_t len;

	two_states();
	s.keys[0].key[31] ^= 1;
	CHECK_EQ(load(s, &len), STATE_REFUSED);
	s = begin();
	s.identity[31] ^= 1;
	CHECK_EQ(load(s, &len), STATE_REFUSED);
	s = begin();
	s.keys[0].epoch++;
	CHECK_EQ(load(s, &len), STATE_REFUSED);
	CHECK_EQ(load(begin(), &len), STATE_FOUND);
}

/* A state is moved on to the key of the next epoch; the key before is then of no use, whoever still
 * has it, and an old copy of the slots has no key. */
TEST(an_epoch_that_is_burnt)
{
	static uint8_t copy[sizeof(disk.now)];
	struct state s = begin();
	uint32_t len;

	two_states();
	memcpy(copy, disk.now, sizeof(copy));
	s.keys[1] = (struct state_key){.epoch = 6, .key = {42}};
	s.key_count = 2;
	CHECK_EQ(state_load(&s, data, sizeof(data), &len), STATE_FOUND);
	CHECK(state_save(&s, data, len));
	CHECK_EQ(s.counter, 3);
	CHECK_EQ(load(s, &len), STATE_FOUND);
	CHECK_EQ(s.epoch, 6);
	s.keys[0] = s.keys[1];
	s.key_count = 1;
	CHECK_EQ(load(s, &len), STATE_FOUND);
	CHECK_MEM(data, "newer", 5);
	memcpy(disk.now, copy, sizeof(copy));
	CHECK_EQ(load(s, &len), STATE_REFUSED);
}

TEST(sizes_are_bounded)
{
	struct state s = begin();
	uint32_t len;

	reset();
	memset(data, 7, sizeof(data));
	CHECK(!state_save(&s, data, LEN_MAX + 1));
	CHECK(state_save(&s, data, LEN_MAX));
	CHECK(state_save(&s, data, 0));
	CHECK_EQ(load(begin(), &len), STATE_FOUND);
	CHECK_EQ(len, 0);
	CHECK(state_save(&s, data, LEN_MAX));
	s = begin();
	CHECK_EQ(state_load(&s, data, LEN_MAX - 1, &len), STATE_FOUND); /* the one that fits */
	CHECK_EQ(len, 0);
	memset(&disk.now[0][12], 0xff, 4); /* a length of 4 GiB */
	CHECK_EQ(load(begin(), &len), STATE_FOUND);
	CHECK_EQ(len, 0);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The log ring: order, full ring, a producer that interrupts another one, a producer that never
 * ends.
 *
 * sources: svsm/log/logring.c
 */
#include "tests/native/check.h"
#include "log/logring.h"

#include <stdio.h>
#include <string.h>

static struct logring ring;

static void fresh(void)
{
	memset(&ring, 0, sizeof(ring));
}

static void put(const char *s)
{
	logring_put(&ring, s, strlen(s));
}

static const char *get(bool skip)
{
	static char out[LOGRING_LINE + 1];

	out[logring_get(&ring, out, skip)] = 0;
	return out;
}

TEST(lines_come_out_in_order)
{
	char line[32];

	fresh();
	for (unsigned i = 0; i < 10 * LOGRING_SLOTS; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		put(line);
		CHECK_STR(get(false), line);
	}
	CHECK_STR(get(false), "");
}

TEST(counters_wrap)
{
	fresh();
	ring.head = ring.tail = UINT32_MAX - 1;
	put("a");
	put("b");
	put("c");
	CHECK_STR(get(false), "a");
	CHECK_STR(get(false), "b");
	CHECK_STR(get(false), "c");
	CHECK_EQ(ring.head, 1);
}

TEST(full_ring_counts_what_it_loses)
{
	fresh();
	for (unsigned i = 0; i < LOGRING_SLOTS + 5; i++)
		logring_put(&ring, "x", 1);
	CHECK_EQ(logring_lost(&ring), 5);
	CHECK_EQ(logring_lost(&ring), 0);
	for (unsigned i = 0; i < LOGRING_SLOTS; i++)
		CHECK_STR(get(false), "x");
	CHECK_STR(get(false), "");
	put("y");
	CHECK_STR(get(false), "y");
}

TEST(long_line_is_cut)
{
	char line[2 * LOGRING_LINE];

	fresh();
	memset(line, 'z', sizeof(line));
	logring_put(&ring, line, sizeof(line));
	CHECK_EQ(strlen(get(false)), LOGRING_LINE);
}

/* What an interrupted producer leaves: a reserved slot that is not ready. */
TEST(interrupted_producer_holds_the_line_back)
{
	struct logring_slot *s;

	fresh();
	s = &ring.slot[ring.head++ % LOGRING_SLOTS];
	put("inner");
	CHECK_STR(get(false), "");
	memcpy(s->text, "outer", 5);
	s->len = 5;
	s->state = LOGRING_READY;
	CHECK_STR(get(false), "outer");
	CHECK_STR(get(false), "inner");
}

TEST(panic_skips_what_will_never_be_ready)
{
	fresh();
	ring.head++;
	put("panic");
	CHECK_STR(get(true), "panic");
	CHECK_STR(get(true), "");
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Trails, line by line: the format is in launch/machine/cpu/trail.h. A line of a sum covers all the
 * exits before it, so the first one that differs tells that everything up to the one before was
 * equal. Lines of single exits may be in one of the two only: they are compared where both have
 * them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/report/trail.h"

struct sum {
	uint64_t exits;
	char hash[17];
	bool end;
};

/* The next line that begins so in a text, and *p behind it. False: there is no whole one left. */
static bool next_line(const char **p, bool single, char line[160])
{
	for (;;) {
		size_t n = strcspn(*p, "\n");
		bool is_single = strncmp(*p, "exit ", 5) == 0, fits = n < 160;

		if (!(*p)[n])
			return false;
		if (fits) {
			memcpy(line, *p, n);
			line[n] = 0;
		}
		*p += n + 1;
		if (fits && is_single == single)
			return true;
	}
}

static bool read_sum(const char *line, struct sum *s)
{
	int width = 0;

	s->end = strncmp(line, "end ", 4) == 0;
	line += s->end ? 4 : 0;
	return sscanf(line, "%" SCNu64 " %16[0-9a-f]%n", &s->exits, s->hash, &width) == 2 &&
	       strlen(s->hash) == 16 && !line[width];
}

/* A line that is no sum is one that was cut: its CPU stopped within it, since the run had ended. */
static bool next_sum(const char **p, struct sum *s)
{
	char line[160];

	while (next_line(p, false, line))
		if (read_sum(line, s))
			return true;
	return false;
}

static uint64_t number_of(const char *line)
{
	uint64_t n = 0;

	sscanf(line, "exit %" SCNu64, &n);
	return n;
}

/* The first single exit that is in both and is not the same. */
static void find_exit(struct trail_compare *c, const char *a, const char *b)
{
	char la[160], lb[160];
	bool both = next_line(&a, true, la) && next_line(&b, true, lb);

	while (both) {
		uint64_t na = number_of(la), nb = number_of(lb);

		if (na == nb && strcmp(la, lb) != 0 && na >= c->from && na <= c->to) {
			c->from = c->to = na;
			snprintf(c->a, sizeof(c->a), "%s", la);
			snprintf(c->b, sizeof(c->b), "%s", lb);
			return;
		}
		both = (na > nb || next_line(&a, true, la)) && (nb > na || next_line(&b, true, lb));
	}
}

static void differs(struct trail_compare *c, uint64_t equal_to, const struct sum *a,
		    const struct sum *b)
{
	c->verdict = TRAIL_DIFFERS;
	c->from = equal_to + 1;
	c->to = a->exits < b->exits ? a->exits : b->exits;
	if (c->to < c->from) /* one has ended where the other went on */
		c->to = c->from;
}

struct trail_compare trail_compare(const char *a, const char *b)
{
	struct trail_compare c = {.verdict = TRAIL_NONE};
	const char *pa = a, *pb = b;
	struct sum sa = {0}, sb = {0};
	uint64_t equal_to = 0;

	for (;;) {
		bool ha = next_sum(&pa, &sa), hb = next_sum(&pb, &sb);

		if (!ha || !hb) {
			c.verdict = equal_to ? TRAIL_SHORT : TRAIL_NONE;
			c.from = equal_to;
			return c;
		}
		if (sa.exits != sb.exits || strcmp(sa.hash, sb.hash) != 0 || sa.end != sb.end) {
			differs(&c, equal_to, &sa, &sb);
			find_exit(&c, a, b);
			return c;
		}
		equal_to = sa.exits;
		if (!sa.end)
			continue;
		c.verdict = TRAIL_EQUAL;
		c.exits = sa.exits;
		memcpy(c.hash, sa.hash, sizeof(c.hash));
		return c;
	}
}

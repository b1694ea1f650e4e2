/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The machine's trail, and the harness's comparison of two of them (docs/reproduce.md).
 *
 * sources: launch/machine/cpu/trail.c launch/machine/hv/turn.c harness/report/trail.c
 * sources: svsm/lib/fmt.c
 */
#include "tests/native/check.h"
#include "abi/machine.h"
#include "harness/report/trail.h"
#include "machine/cpu/trail.h"
#include "machine/host/log.h"
#include "lib/spinlock.h"
#include "machine/host/options.h"
#include "machine/host/time.h"
#include "machine/hv/turn.h"

#include <stdio.h>
#include <string.h>

struct host_options host_options;

static char written[1 << 18];
static size_t used;

void log_trail(const char *line, size_t n)
{
	if (!CHECK(used + n < sizeof(written)))
		return;
	memcpy(written + used, line, n);
	used += n;
	written[used] = 0;
}

uint64_t host_tsc_khz(void)
{
	return 1000000; /* 1 GHz: a tick is 1 ns */
}

/* What the lock needs of its surroundings; nobody waits for it here. */
void spin_rest(uint64_t waited)
{
	(void)waited;
}

/* n exits more; the one with the number `other` in the whole program has another TSC. Their numbers
 * go on from test to test, as the machine's would. */
static uint64_t made;

static void make(unsigned n, uint64_t other)
{
	static struct vcpu v[2] = {{.index = 0}, {.index = 1, .vmpl = 2}};

	for (unsigned i = 0; i < n; i++) {
		made++;
		trail_exit(&v[made % 2], 0x60 + made % 3, 0x1000 + made,
			   made * 7 + (made == other));
	}
}

TEST(a_line_each_thousand_exits)
{
	host_options.trail_from = MACHINE_REPEAT_NONE;
	make(2500, 0);
	CHECK(strncmp(written, "1000 ", 5) == 0);
	CHECK(strstr(written, "\n2000 "));
	CHECK(!strstr(written, "3000 ") && !strstr(written, "end") && !strstr(written, "exit"));
	trail_end();
	CHECK(strstr(written, "\nend 2500 "));
}

/* What was asked for comes at the end, whatever has come behind it. */
TEST(a_window_comes_at_the_end)
{
	char first[64], last[64], before[64], behind[64];

	used = 0;
	host_options.trail_from = made + 100;
	snprintf(before, sizeof(before), "exit %llu vcpu", (unsigned long long)made + 100);
	snprintf(first, sizeof(first), "exit %llu vcpu", (unsigned long long)made + 101);
	snprintf(last, sizeof(last), "exit %llu vcpu", (unsigned long long)made + 1100);
	snprintf(behind, sizeof(behind), "exit %llu vcpu", (unsigned long long)made + 1101);
	make(2500, 0);
	CHECK(!strstr(written, "exit "));
	trail_end();
	CHECK(strstr(written, first) && strstr(written, last));
	CHECK(!strstr(written, before) && !strstr(written, behind));
}

TEST(a_window_is_cut_by_the_end)
{
	char line[128];

	used = 0;
	host_options.trail_from = made;
	make(3, 0);
	trail_end();
	snprintf(line, sizeof(line),
		 "exit %llu vcpu %u vmpl %u code 0x%llx rip 0x%llx tsc %llu\nend %llu ",
		 (unsigned long long)made, (unsigned)made % 2, made % 2 ? 2 : 0,
		 (unsigned long long)(0x60 + made % 3), (unsigned long long)(0x1000 + made),
		 (unsigned long long)made * 7, (unsigned long long)made);
	CHECK(strstr(written, line));
}

/* A CPU may stop anywhere, and so within a line. */
TEST(the_end_is_a_line_of_its_own)
{
	char line[64];

	used = 0;
	host_options.trail_from = MACHINE_REPEAT_NONE;
	make(MACHINE_TRAIL_EVERY, 0);
	if (!CHECK(used > 5))
		return;
	used -= 5;
	trail_end();
	snprintf(line, sizeof(line), "\nend %llu ", (unsigned long long)made);
	CHECK(strstr(written, line));
}

/* A single bit of one exit is never lost, however much comes behind it. */
TEST(one_exit_makes_all_later_sums_differ)
{
	static char one[sizeof(written)];
	uint64_t from = made;
	const char *last;

	host_options.trail_from = MACHINE_REPEAT_NONE;
	used = 0;
	make(5000, 0);
	trail_end();
	last = strstr(written, "end ");
	snprintf(one, sizeof(one), "%s", last ? last : "");
	used = 0;
	made = from;
	make(5000, from + 1234);
	trail_end();
	last = strstr(written, "end ");
	CHECK(last && strcmp(one, last) != 0);
}

/* ---- the turns of a seed ---- */

TEST(turns_without_a_seed_are_all_one)
{
	struct vcpu v = {0};
	struct hv_vcpu h = {.v = &v};

	for (int i = 0; i < 10; i++)
		CHECK_EQ(turn_ticks(&h), 250000);
}

TEST(turns_of_a_seed)
{
	struct vcpu v = {0}, w = {.index = 1};
	struct hv_vcpu one = {.v = &v}, again = {.v = &v}, beside = {.v = &w}, other = {.v = &v};
	unsigned same_beside = 0, same_other = 0, longest = 0;
	uint64_t turn[64];

	host_options.seed = 5;
	for (int i = 0; i < 64; i++) {
		turn[i] = turn_ticks(&one);
		CHECK(turn[i] >= 1024 && turn[i] < 262144);
		longest = MAX(longest, (unsigned)turn[i]);
		CHECK_EQ(turn_ticks(&again), turn[i]);
		same_beside += turn_ticks(&beside) == turn[i];
	}
	host_options.seed = 6;
	for (int i = 0; i < 64; i++)
		same_other += turn_ticks(&other) == turn[i];
	host_options.seed = 0;
	CHECK(same_beside < 8 && same_other < 8);
	CHECK(longest > 65536);
}

/* ---- the comparison ---- */

TEST(equal_trails)
{
	const char *t = "1000 00000000000000aa\nend 1200 00000000000000ab\n";
	struct trail_compare c = trail_compare(t, t);

	CHECK_EQ(c.verdict, TRAIL_EQUAL);
	CHECK_EQ(c.exits, 1200);
	CHECK_STR(c.hash, "00000000000000ab");
}

TEST(trails_that_differ)
{
	const char *t = "1000 00000000000000aa\n2000 00000000000000ab\nend 2100 00000000000000ac\n";
	struct trail_compare c = trail_compare(
		t, "1000 00000000000000aa\n2000 00000000000000bb\nend 2100 00000000000000bc\n");

	CHECK_EQ(c.verdict, TRAIL_DIFFERS);
	CHECK_EQ(c.from, 1001);
	CHECK_EQ(c.to, 2000);
	CHECK(!*c.a);
	/* The one has ended where the other went on. */
	c = trail_compare(t, "1000 00000000000000aa\nend 1500 00000000000000bb\n");
	CHECK_EQ(c.verdict, TRAIL_DIFFERS);
	CHECK_EQ(c.from, 1001);
	CHECK_EQ(c.to, 1500);
	/* The first line of all. */
	c = trail_compare("1000 00000000000000aa\n", "1000 00000000000000ab\n");
	CHECK_EQ(c.from, 1);
	CHECK_EQ(c.to, 1000);
}

TEST(the_exit_that_differs)
{
	const char *a = "1000 00000000000000aa\nexit 1001 vcpu 0 tsc 1\nexit 1002 vcpu 0 tsc "
			"2\n2000 00000000000000ab\n",
		   *b = "1000 00000000000000aa\nexit 1001 vcpu 0 tsc 1\nexit 1002 vcpu 1 tsc "
			"2\n2000 00000000000000bb\n";
	struct trail_compare c = trail_compare(a, b);

	CHECK_EQ(c.verdict, TRAIL_DIFFERS);
	CHECK_EQ(c.from, 1002);
	CHECK_EQ(c.to, 1002);
	CHECK_STR(c.a, "exit 1002 vcpu 0 tsc 2");
	CHECK_STR(c.b, "exit 1002 vcpu 1 tsc 2");
	/* The one that has no window does not count as another run. */
	c = trail_compare(a, "1000 00000000000000aa\n2000 00000000000000bb\n");
	CHECK_EQ(c.verdict, TRAIL_DIFFERS);
	CHECK_EQ(c.to, 2000);
}

/* A run that was killed is neither equal nor another one. */
TEST(trails_without_an_end)
{
	const char *t = "1000 00000000000000aa\n2000 00000000000000ab\nend 2100 00000000000000ac\n";
	struct trail_compare c = trail_compare(t, "1000 00000000000000aa\n20");

	CHECK_EQ(c.verdict, TRAIL_SHORT);
	CHECK_EQ(c.from, 1000);
	CHECK_EQ(trail_compare(t, "").verdict, TRAIL_NONE);
	CHECK_EQ(trail_compare("rubbish\n", t).verdict, TRAIL_NONE);
}

/* Of two runs that stop at one place both are cut there, and what stands behind the cut counts. */
TEST(a_line_that_is_cut_is_no_sum)
{
	const char *cut = "1000 00000000000000aa\n2000 0000000\nend 2000 00000000000000ab\n";
	struct trail_compare c = trail_compare(cut, cut);

	CHECK_EQ(c.verdict, TRAIL_EQUAL);
	CHECK_EQ(c.exits, 2000);
	CHECK_STR(c.hash, "00000000000000ab");
	c = trail_compare(cut, "1000 00000000000000aa\n20\nend 2000 00000000000000ab\n");
	CHECK_EQ(c.verdict, TRAIL_EQUAL);
	c = trail_compare(cut, "1000 00000000000000aa\n2000\nend 2000 00000000000000bb\n");
	CHECK_EQ(c.verdict, TRAIL_DIFFERS);
	CHECK_EQ(c.from, 1001);
	CHECK_EQ(c.to, 2000);
}

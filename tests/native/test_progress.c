/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The status line: what it says of how far and how long still, and where it has that from.
 *
 * sources: harness/report/progress.c harness/report/past.c harness/core/util.c harness/core/paths.c
 * sources: launch/profiles/words.c
 * libs: -lcrypto -ljansson
 */
#include "harness/core/util.h"
#include "harness/report/past.h"
#include "harness/report/progress.h"
#include "harness/report/report.h"
#include "tests/native/check.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static bool terminal;
static char shown[256];
static char home[40];

bool report_terminal(void)
{
	return terminal;
}

void report_status(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shown, sizeof(shown), fmt, ap);
	va_end(ap);
}

/* ---- the line ---- */

static void says(struct progress_view v, const char *what, const char *expected)
{
	char *text = progress_text(&v, what);

	CHECK_STR(text, expected);
	free(text);
}

TEST(the_line)
{
	says((struct progress_view){"core", 0, 1, 0, 0, 4000, -1}, "boot 1",
	     "[core]  0:04  boot 1");
	says((struct progress_view){"linux", 1, 5, 11, 41, 83000, 130000}, "tpm",
	     "[linux 2/5] 12/41  1:23, about 2:10 left  tpm");
	says((struct progress_view){"linux", 0, 1, 0, 0, 3661000, 3600000}, "x",
	     "[linux]  1:01:01, about 1:00:00 left  x");
}

/* ---- the last time ---- */

static void put(const char *folder, const char *seconds, const char *lines, time_t when)
{
	char *path = str("%s/%s", home, folder), *results = str("%s/results.jsonl", path),
	     *run = str("%s/run.json", path);
	struct utimbuf t = {when, when};
	FILE *f;

	for (char *at = path + strlen(home) + 1; (at = strchr(at, '/')); at++) {
		*at = 0;
		mkdir(path, 0777);
		*at = '/';
	}
	mkdir(path, 0777);
	f = fopen(results, "w");
	if (CHECK(f && fputs(lines, f) >= 0))
		fclose(f);
	f = fopen(run, "w");
	if (CHECK(f && fprintf(f, "{\"seconds\": %s}", seconds) > 0))
		fclose(f);
	utime(results, &t);
	free(path);
	free(results);
	free(run);
}

#define LINE(suite, test, ms)                                                                      \
	"{\"suite\":\"" suite "\",\"test\":\"" test "\",\"verdict\":\"pass\",\"ms\":" #ms "}\n"

static void begin(void)
{
	strcpy(home, "/tmp/keelson-past-XXXXXX");
	CHECK(mkdtemp(home));
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void end(void)
{
	nftw(home, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static unsigned whole(const char *suite, const char *own)
{
	struct past p;
	unsigned ms;

	past_read(&p, home, suite, own);
	ms = p.ms;
	past_free(&p);
	return ms;
}

TEST(the_newest_run_of_that_very_suite)
{
	char *own;

	begin();
	CHECK_EQ(whole("linux", NULL), 0);
	put("linux-20260101-1-1", "10", LINE("linux", "a", 1), 1000);
	put("linux-20260101-1-2", "99", LINE("linux-strict", "a", 1), 9000);
	put("linux-20260101-1-3", "99", "", 9000);
	put("linux-20260101-1-4", "99", "{", 9000);
	CHECK_EQ(whole("linux", NULL), 10000);
	put("test-20260101-1-5/linux", "20", LINE("linux", "a", 1), 2000);
	CHECK_EQ(whole("linux", NULL), 20000);
	put("check-linux-x/linux-20260101-1-6", "30", LINE("linux", "a", 1), 3000);
	CHECK_EQ(whole("linux", NULL), 30000);
	own = str("%s/check-linux-x/linux-20260101-1-6", home);
	CHECK_EQ(whole("linux", own), 20000);
	free(own);
	end();
}

static const char *name_of(const void *list, size_t i)
{
	return ((const char *const *)list)[i];
}

/* Two suites: the tests that are to come of the first, and all of the second. */
TEST(what_is_left)
{
	static const char *const tests[] = {"a", "b", "c"}, *const others[] = {"a", "new", "c"};
	struct strlist suites = {0};

	begin();
	put("one-20260101-1-1", "100",
	    LINE("one", "a", 10000) LINE("one", "b", 20000) LINE("one", "c", 30000), 1000);
	put("two-20260101-1-1", "60", LINE("two", "x", 1), 1000);
	strlist_add(&suites, "one");
	strlist_add(&suites, "two");
	terminal = true;
	progress_begin(home, &suites);
	progress_suite("one", "/nowhere");
	progress_tests(3, name_of, tests);
	progress_test(1);
	progress_step("b");
	CHECK(strncmp(shown, "[one 1/2] 2/3  ", 15) == 0);
	CHECK(strstr(shown, ", about 1:50 left  b"));
	progress_suite("two", "/nowhere");
	CHECK(strncmp(shown, "[two 2/2]  ", 11) == 0);
	CHECK(strstr(shown, " left")); /* a minute, less what has passed */
	progress_suite("one", "/nowhere");
	progress_tests(3, name_of, others);
	progress_test(0);
	progress_step("a");
	CHECK(!strstr(shown, "left")); /* nobody knows how long the new one takes */
	progress_test(2);
	progress_step("c");
	CHECK(strstr(shown, "about 0:30 left"));
	strlist_free(&suites);
	end();
}

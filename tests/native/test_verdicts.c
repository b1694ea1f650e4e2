/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * When the harness ends a run by itself: time-outs, by a clock that stands still while nobody can
 * work, and panics of the guest's kernel (docs/test-control.md, "Time-outs" and "Panics").
 *
 * sources: harness/core/runclock.c harness/session/watch.c harness/session/effort.c
 * sources: harness/session/panic.c harness/core/util.c launch/profiles/words.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/core/runclock.h"
#include "harness/core/util.h"
#include "harness/session/panic.h"
#include "harness/session/watch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- time-outs ---- */

TEST(a_clock_stands_while_we_do)
{
	struct runclock c;
	uint64_t at, start;

	runclock_start(&c);
	start = c.counted;
	at = c.last;
	CHECK_EQ(runclock_at(&c, at += 100), start + 100);
	CHECK_EQ(runclock_at(&c, at += 45000), start + 100 + RUNCLOCK_STEP_MS); /* Ctrl-Z */
	CHECK_EQ(runclock_at(&c, at - 50), start + 100 + RUNCLOCK_STEP_MS);     /* never back */
}

/* Seconds of a target that says nothing; what it did in each of them. */
static char *watched(struct watch *w, unsigned seconds, struct effort each)
{
	struct effort e = w->sample;

	for (unsigned i = 0; i < seconds; i++) {
		e.cpu_ms += each.cpu_ms;
		e.waited_ms += each.waited_ms;
		e.stopped = each.stopped;
		e.ready = each.ready;
		w->clock.counted += 1000;
		watch_sample(w, w->clock.counted, &e);
	}
	return watch_verdict(w);
}

/* Limit 20 s: who idles ends after it, who computes after ten times as much. */
TEST(work_has_ten_times_the_limit)
{
	struct watch w;
	char *why;

	watch_start(&w, 20);
	CHECK(!watched(&w, 20, (struct effort){.cpu_ms = 20}));
	why = watched(&w, 1, (struct effort){.cpu_ms = 20});
	CHECK(why && strstr(why, "no progress for 20 s"));
	free(why);
	watch_start(&w, 20);
	CHECK(!watched(&w, 200, (struct effort){.cpu_ms = 80}));
	why = watched(&w, 1, (struct effort){.cpu_ms = 80});
	CHECK(why && strstr(why, "no word for 200 s although it computes"));
	free(why);
}

/* On a machine that is so busy that it gets nothing it still wants to work. */
TEST(a_starved_target_works)
{
	struct watch w;

	watch_start(&w, 20);
	CHECK(!watched(&w, 100, (struct effort){.cpu_ms = 60, .waited_ms = 900}));
	watch_start(&w, 20); /* its wait has not even ended */
	w.sample.turns = 1;
	CHECK(!watched(&w, 100, (struct effort){.ready = true}));
}

TEST(a_stopped_target_has_time)
{
	struct watch w;
	char *why;

	watch_start(&w, 20);
	CHECK(!watched(&w, 15, (struct effort){.cpu_ms = 0}));
	CHECK(!watched(&w, 3600, (struct effort){.stopped = true}));
	CHECK(!watched(&w, 5, (struct effort){.cpu_ms = 0}));
	why = watched(&w, 1, (struct effort){.cpu_ms = 0});
	CHECK(why);
	free(why);
}

/* The figures of a real process: this one, and one that is stopped. */
TEST(efforts_of_processes)
{
	struct effort e;
	uint64_t until = now_ms() + 200;
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		_exit(0);
	}
	while (now_ms() < until || effort_of(getpid()).cpu_ms < 20)
		;
	waitpid(pid, NULL, WUNTRACED);
	e = effort_of(pid);
	CHECK(e.stopped);
	CHECK(!effort_of(getpid()).stopped);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	e = effort_of(pid);
	CHECK_EQ(e.cpu_ms, 0);
	CHECK_EQ(e.waited_ms, 0);
	CHECK(!e.stopped);
}

/* ---- panics ---- */

#define HINT "Kernel panic - not syncing: x"

static struct panic hinted(struct panic p)
{
	panic_hint(&p, str_dup(HINT), 1000);
	return p;
}

/* Does the run end at that time, and on what ground? NULL: it does not. */
static bool ends(struct panic *p, uint64_t now, const char *ground)
{
	char *why = panic_verdict(p, now, 120000);
	bool same = ground ? why && strstr(why, ground) : !why;

	free(why);
	return same;
}

static bool explained(struct panic *p, bool off, const char *ground)
{
	char *why = panic_explains(p, off);
	bool same = ground ? why && strstr(why, ground) : !why;

	free(why);
	return same;
}

TEST(text_alone_waits_for_silence)
{
	struct panic p = hinted((struct panic){0});

	panic_console(&p, 1500);
	panic_agent(&p, 1800); /* was under way */
	CHECK(ends(&p, 1800 + PANIC_SILENCE_MS, NULL));
	CHECK(ends(&p, 1801 + PANIC_SILENCE_MS, HINT " (console text, then not a word for 30 s)"));
	CHECK(explained(&p, false, HINT " (console text)"));
	CHECK(explained(&p, true, HINT " (console text)"));
	panic_free(&p);
}

TEST(an_agent_that_talks_has_not_panicked)
{
	struct panic p = hinted((struct panic){0});

	panic_agent(&p, 1000 + PANIC_REFUTED_MS);
	CHECK(ends(&p, 10000000, NULL));
	CHECK(explained(&p, false, NULL));
	panic_hint(&p, str_dup(HINT), 20000); /* and again, now for good */
	CHECK(ends(&p, 20001 + PANIC_SILENCE_MS, HINT));
	panic_free(&p);
}

TEST(pvpanic_decides)
{
	struct panic p = hinted((struct panic){.pvpanic = true});

	CHECK(ends(&p, 10000000, NULL));
	CHECK(explained(&p, true, NULL));
	panic_hint(&p, str_dup("another text"), 1500);
	panic_hint(&p, str_dup(HINT), 2000); /* the last one before the event is the panic's */
	panic_events(&p, true, false, 5000);
	panic_hint(&p, str_dup("a consequence"), 5000);
	panic_console(&p, 5100); /* its trace */
	CHECK(ends(&p, 5100 + PANIC_QUIET_MS, NULL));
	CHECK(ends(&p, 5101 + PANIC_QUIET_MS, HINT " (pvpanic)"));
	panic_console(&p, 5001 + PANIC_TRACE_MS); /* it goes on for ever */
	CHECK(ends(&p, 5001 + PANIC_TRACE_MS, "(pvpanic)"));
	CHECK(explained(&p, true, HINT " (pvpanic)"));
	panic_free(&p);
}

/* No crash kernel: that is an end. One that was loaded takes over, and then it may power off. */
TEST(kdump_goes_on)
{
	struct panic p = hinted((struct panic){.pvpanic = true, .kdump = true});

	panic_events(&p, false, true, 2000);
	panic_agent(&p, 20000);
	CHECK(panic_crash_kernel(&p));
	CHECK(ends(&p, 10000000, NULL));
	CHECK(explained(&p, true, NULL));
	CHECK(explained(&p, false, HINT " (pvpanic)")); /* a reset is no good end */
	panic_events(&p, true, true, 30000);
	CHECK(ends(&p, 30001 + PANIC_QUIET_MS, "(pvpanic)"));
	panic_free(&p);
	p = hinted((struct panic){0});
	panic_events(&p, false, true, 2000); /* without --kdump a panic is a panic */
	CHECK(ends(&p, 2001 + PANIC_QUIET_MS, "(pvpanic)"));
	panic_free(&p);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Tells a target that is slow from one that hangs. Time alone cannot: under emulation, on a
 * machine that others use too, a good boot may take a minute. So words and work count, each
 * with its limit (watch.h).
 */
#include "harness/core/util.h"
#include "harness/session/watch.h"

/* Everything counts as seen at the start, so the first limit runs from there. */
void watch_start(struct watch *w, unsigned limit_seconds)
{
	*w = (struct watch){.limit = (uint64_t)limit_seconds * 1000};
	runclock_start(&w->clock);
	w->words_at = w->work_at = w->sample_at = w->clock.counted;
}

void watch_words(struct watch *w)
{
	w->words_at = runclock_now(&w->clock);
}

/*
 * Has it used its CPU, or wanted to, for so many percent of the time since the last sample? Who got
 * no turn at all in that time, and is ready, waits still.
 */
static bool at_work(const struct watch *w, const struct effort *e, uint64_t passed)
{
	uint64_t cpu = e->cpu_ms - MIN(e->cpu_ms, w->sample.cpu_ms);
	uint64_t waited = e->waited_ms - MIN(e->waited_ms, w->sample.waited_ms);

	return cpu * 100 >= passed * WATCH_WORK_PERCENT ||
	       waited * 100 >= passed * WATCH_WAIT_PERCENT ||
	       (e->ready && e->turns && e->turns == w->sample.turns);
}

/* What a process did not do while it was stopped says nothing: that time is taken out. */
void watch_sample(struct watch *w, uint64_t now, const struct effort *e)
{
	uint64_t passed = now - w->sample_at;

	if (e->stopped) {
		w->words_at = MIN(w->words_at + passed, now);
		w->work_at = MIN(w->work_at + passed, now);
	} else if (passed && at_work(w, e, passed)) {
		w->work_at = now;
	}
	w->sample = *e;
	w->sample_at = now;
}

/*
 * Sampled, because a reading costs system calls and a short interval says nothing: QEMU's own
 * timers would look like work.
 */
void watch_look(struct watch *w, pid_t pid)
{
	uint64_t now = runclock_now(&w->clock);
	struct effort e;

	if (now - w->sample_at < MIN(w->limit / 4, 1000u))
		return;
	e = effort_of(pid);
	watch_sample(w, now, &e);
}

/*
 * Silence with work has ten times the limit: TCG may translate for long, and a guest that makes
 * keys says nothing.
 */
char *watch_verdict(const struct watch *w)
{
	uint64_t now = w->clock.counted;

	if (now - w->words_at > w->limit && now - w->work_at > w->limit)
		return str("no progress for %llu s: no frame, no log line, no work",
			   (unsigned long long)(w->limit / 1000));
	if (now - w->words_at > w->limit * WATCH_SILENCE)
		return str("no word for %llu s although it computes: no frame, no log line",
			   (unsigned long long)(w->limit * WATCH_SILENCE / 1000));
	return NULL;
}

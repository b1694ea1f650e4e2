/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Tells a target that is slow from one that hangs. Time alone cannot: under emulation, on a
 * machine that others use too, a good boot may take a minute. So words and work count, each
 * with its limit (watch.h).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/session/watch.h"

/*
 * CPU time of the process with all its threads, in ms; proc(5): utime and stime, fields 14, 15.
 * 0 when it is gone.
 */
static uint64_t cpu_ms(pid_t pid)
{
	unsigned long user = 0, sys = 0;
	char path[64], text[1024];
	const char *p;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	/* The name, field 2, may hold anything: start after its last ')'. */
	p = strrchr(text, ')');
	if (!p ||
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
		return 0;
	return (uint64_t)(user + sys) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* Everything counts as seen at the start, so the first limit runs from there. */
void watch_start(struct watch *w, unsigned limit_seconds)
{
	uint64_t now = now_ms();

	*w = (struct watch){(uint64_t)limit_seconds * 1000, now, now, now, 0};
}

void watch_words(struct watch *w)
{
	w->words_at = now_ms();
}

/*
 * Sampled, because a reading costs a system call and a short interval says nothing: QEMU's own
 * timers would look like work.
 */
void watch_look(struct watch *w, pid_t pid)
{
	uint64_t now = now_ms(), cpu, passed = now - w->sample_at;

	if (passed < MIN(w->limit / 4, 1000u))
		return;
	cpu = cpu_ms(pid);
	if (cpu > w->sample_cpu && (cpu - w->sample_cpu) * 100 >= passed * WATCH_WORK_PERCENT)
		w->work_at = now;
	w->sample_cpu = cpu;
	w->sample_at = now;
}

/*
 * Silence with work has ten times the limit: TCG may translate for long, and a guest that makes
 * keys says nothing.
 */
char *watch_verdict(const struct watch *w)
{
	uint64_t now = now_ms();

	if (now - w->words_at > w->limit && now - w->work_at > w->limit)
		return str("no progress for %llu s: no frame, no log line, no work",
			   (unsigned long long)(w->limit / 1000));
	if (now - w->words_at > w->limit * WATCH_SILENCE)
		return str("no word for %llu s although it computes: no frame, no log line",
			   (unsigned long long)(w->limit * WATCH_SILENCE / 1000));
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The three logs of a boot, and what the harness reads in them: panics, versions, and when each
 * stage first spoke. Everything else in them is for people.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/session/session_logs.h"
#include "harness/session/session_struct.h"

/* ---- what a line says ---- */

/* Linux says so every half minute or so, for as long as it lasts (6.12, kernel/watchdog.c,
 * kernel/rcu/tree_stall.h and tree_exp.h). */
static bool says_stuck(const char *line)
{
	return strstr(line, "soft lockup - CPU#") || strstr(line, "detected stall") ||
	       strstr(line, "detected expedited stall");
}

/* What Linux says when it panics, and what any program may show of another machine's log. */
static void console_line(void *ctx, const char *line)
{
	struct session *s = ctx;
	const char *at = strstr(line, "Kernel panic - not syncing");

	s->stuck |= says_stuck(line);
	if (at)
		panic_hint(&s->panic, str_ascii(str_dup(at)), runclock_now(&s->watch.clock));
}

/* The word up to the first comma or blank (malloc'ed). */
static char *version_of(const char *text)
{
	return str_ascii(str("%.*s", (int)strcspn(text, ", "), text));
}

/* "[0] error: panic: ...", "[0] Keelson SVSM 0.1, ...", "[0] guest: Linux at ..." */
static void our_svsm_line(struct session *s, const char *line)
{
	const char *at;

	/* SeaBIOS says a line or two here before it finds that the port is not for it. */
	if (*line == '[' && !s->time.svsm)
		s->time.svsm = timeline_mark(&s->time, now_ms());
	if ((at = strstr(line, "error: panic: ")) && !s->svsm_panic_line)
		s->svsm_panic_line = str_dup(at + strlen("error: "));
	if ((at = strstr(line, "Keelson SVSM ")) && !s->svsm_version)
		s->svsm_version = version_of(at + strlen("Keelson SVSM "));
	if (strstr(line, "] guest: ") && !s->time.guest)
		s->time.guest = timeline_mark(&s->time, now_ms());
}

/* Another SVSM's panic says so too, in its own way. The last such line usually tells where. */
static void svsm_line(void *ctx, const char *line)
{
	struct session *s = ctx;

	if (!s->foreign) {
		our_svsm_line(s, line);
	} else if (strcasestr(line, "panic")) {
		free(s->svsm_panic_line);
		s->svsm_panic_line = str_dup(line);
	}
}

/* Marks of the timeline that hang on the machine alone: "[cpu 0   0.000] phase: user: ..." */
static void take_phase(struct session *s, const char *line)
{
	const struct {
		const char *words;
		unsigned *mark;
	} marks[] = {
		{"] igvm: launched ", &s->time.launched},
		{"] phase: kernel: ", &s->time.entered},
		{"] phase: user: ", &s->time.user_mode},
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (!*marks[i].mark && strstr(line, marks[i].words))
			*marks[i].mark = timeline_mark(&s->time, now_ms());
}

/* What stands behind mark, the first time (malloc'ed into *slot). */
static void keep_first(char **slot, const char *line, const char *mark)
{
	const char *at = strstr(line, mark);

	if (at && !*slot)
		*slot = str_dup(at + strlen(mark));
}

/* "[cpu 0   0.000] fault: ..." says more than the "exit: monitor fault" that ends it; "DMA: device
 * ..." may be why a guest's driver fails, or no reason to fail here and one on hardware. */
static void monitor_line(void *ctx, const char *line)
{
	struct session *s = ctx;

	keep_first(&s->fault_line, line, "] fault: ");
	keep_first(&s->dma_line, line, "] DMA: ");
	take_phase(s, line);
	where_line(&s->where, line);
}

/* ---- the files ---- */

/* The file appears when QEMU starts. */
static void open_log(struct session *s, struct tail *t, const char *name,
		     void (*take)(void *ctx, const char *line))
{
	char *path = str("%s/%s.log", s->folder, name);

	tail_open(t, path, take, s);
	free(path);
}

/* What our SVSM writes to COM1 the native machine alone keeps apart. */
void session_logs_open(struct session *s)
{
	bool mixed = s->com1 && !s->profile->native;

	open_log(s, &s->console, "console", console_line);
	open_log(s, &s->svsm, mixed ? "console" : "svsm", svsm_line);
	open_log(s, &s->monitor, "monitor", monitor_line);
}

/*
 * Any new byte counts as progress, whoever wrote it, but for the console of a kernel that says that
 * it is stuck: else it would say so for ever. Where there is no agent nobody could deny it, so it
 * counts there. The first bytes of monitor and console are
 * marks of the timeline.
 */
void session_logs_look(struct session *s)
{
	bool any = tail_look(&s->monitor), console;

	any |= tail_look(&s->svsm);
	console = tail_look(&s->console);
	any |= console && !(s->stuck && s->hello);
	if (console)
		panic_console(&s->panic, runclock_now(&s->watch.clock));
	if (!s->time.monitor && s->monitor.first_at)
		s->time.monitor = timeline_mark(&s->time, s->monitor.first_at);
	if (!s->time.console && s->console.first_at)
		s->time.console = timeline_mark(&s->time, s->console.first_at);
	if (any)
		watch_words(&s->watch);
}

/* When nobody writes any more: up to the end, and a last line without one. */
void session_logs_finish(struct session *s)
{
	tail_finish(&s->monitor);
	tail_finish(&s->svsm);
	tail_finish(&s->console);
}

void session_logs_close(struct session *s)
{
	tail_close(&s->monitor);
	tail_close(&s->svsm);
	tail_close(&s->console);
}

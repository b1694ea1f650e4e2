/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Weighs what console, agent and QEMU say of a panic (panic.h). It knows nothing of where that
 * comes from, so that unit tests can play every order of it.
 */
#include <stdlib.h>

#include "harness/core/util.h"
#include "harness/session/panic.h"

/*
 * The first one that nothing has refuted counts: it names the cause. Where pvpanic decides, the
 * last one before its event does.
 */
void panic_hint(struct panic *p, char *line, uint64_t now)
{
	if (p->hint && (!p->pvpanic || p->told_at)) {
		free(line);
		return;
	}
	free(p->hint);
	p->hint = line;
	p->hint_at = now;
}

/* What was under way when the kernel panicked may still come out: only later words refute. */
void panic_agent(struct panic *p, uint64_t now)
{
	p->agent_at = now;
	if (!p->hint || p->told || p->kdump || now - p->hint_at < PANIC_REFUTED_MS)
		return;
	free(p->hint);
	p->hint = NULL;
}

void panic_console(struct panic *p, uint64_t now)
{
	p->console_at = now;
}

void panic_events(struct panic *p, bool panicked, bool crash_loaded, uint64_t now)
{
	if ((panicked && !p->told) || (crash_loaded && !p->crash_loaded))
		p->told_at = now;
	p->told = panicked;
	p->crash_loaded = crash_loaded;
}

/* "Kernel panic - not syncing: ... (on what this is based)" */
static char *based_on(const struct panic *p, const char *basis)
{
	return str("%s (%s)", p->hint ? p->hint : "the guest's kernel panicked", basis);
}

/* pvpanic was told, and the run is not to see a crash kernel. */
static bool is_told(const struct panic *p)
{
	return p->told || (p->crash_loaded && !p->kdump);
}

/* Only the text is there, and nobody else can say more. */
static bool only_text(const struct panic *p)
{
	return p->hint && !p->pvpanic && !p->kdump;
}

char *panic_verdict(const struct panic *p, uint64_t now, uint64_t limit)
{
	uint64_t spoke = MAX(MAX(p->hint_at, p->agent_at), p->console_at);
	uint64_t silence = MIN(limit, (uint64_t)PANIC_SILENCE_MS);

	if (is_told(p) && (now - MAX(p->told_at, p->console_at) > PANIC_QUIET_MS ||
			   now - p->told_at > PANIC_TRACE_MS))
		return based_on(p, "pvpanic");
	if (!is_told(p) && only_text(p) && now - spoke > silence) {
		char *basis = str("console text, then not a word for %llu s",
				  (unsigned long long)silence / 1000),
		     *all = based_on(p, basis);

		free(basis);
		return all;
	}
	return NULL;
}

/*
 * A panicked kernel does not power off, but a crash kernel does. Where only the text is there it
 * counts, because the agent had the time to say that it still runs.
 */
char *panic_explains(const struct panic *p, bool off)
{
	if (is_told(p) || (p->crash_loaded && !off))
		return based_on(p, "pvpanic");
	if (only_text(p) || (p->hint && !off))
		return based_on(p, "console text");
	return NULL;
}

bool panic_crash_kernel(const struct panic *p)
{
	return p->kdump && (p->crash_loaded || p->hint);
}

void panic_free(struct panic *p)
{
	free(p->hint);
	*p = (struct panic){0};
}

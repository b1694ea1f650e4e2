/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Line by line, "[cpu N   S.MMM] WHAT: ..."; whoever knows WHAT takes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/trace.h"

#define LINE_MOST      512
#define LINES_MOST     2000000
#define REASONS_MOST   200
#define SAMPLES_MOST   200000
#define STRETCHES_MOST 8192
#define ADDRESS_MOST   (1ull << 48)

static const char *const states[TRACE_STATES] = {"shared", "private", "validated", "vmsa"};

const char *trace_state_name(enum trace_state s)
{
	return states[s];
}

/* The next element of a table, zeroed; NULL: it is full. */
static void *grow(void **table, size_t *n, size_t size, size_t most)
{
	char *slot;

	if (*n >= most)
		return NULL;
	if ((*n & (*n - 1)) == 0)
		*table = mem_grow(*table, (*n ? 2 * *n : 1) * size);
	slot = (char *)*table + (*n)++ * size;
	return memset(slot, 0, size);
}

/* What an exit's reason may be called: a word of small letters, or a number. */
static bool is_reason(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static struct trace_reason *reason(struct trace *t, const char *name)
{
	struct trace_reason *r;

	for (size_t i = 0; i < t->reason_count; i++)
		if (strcmp(t->reasons[i].name, name) == 0)
			return &t->reasons[i];
	if (!is_reason(name))
		return NULL;
	r = grow((void **)&t->reasons, &t->reason_count, sizeof(*r), REASONS_MOST);
	if (r)
		snprintf(r->name, sizeof(r->name), "%s", name);
	return r;
}

/* "exit.msr 4711", "cause.kernel.vmpl2.cpl0.msr.write_eoi 12 340" */
static void take_stats(struct trace *t, const char *text)
{
	char name[TRACE_NAME];
	unsigned long long count;
	struct trace_reason *r;
	unsigned vmpl;
	int used;

	if (sscanf(text, "exit.%23s %llu", name, &count) == 2) {
		r = reason(t, name);
		if (r)
			r->all = count;
	}
	if (sscanf(text, "cause.%*[a-z].vmpl%1u.cpl%*1u.%23[a-z0-9_]%n", &vmpl, name, &used) != 2)
		return;
	/* What it was for may follow at once. */
	if (sscanf(text + used, "%*[.a-z0-9_] %llu", &count) != 1 &&
	    sscanf(text + used, " %llu", &count) != 1)
		return;
	r = vmpl < TRACE_VMPLS ? reason(t, name) : NULL;
	if (r)
		r->vmpl[vmpl] += count;
}

/* "vmpl2 msr 12 hlt 3" */
static void take_series(struct trace *t, const char *text, unsigned ms)
{
	unsigned vmpl, count;
	char name[TRACE_NAME];
	int used;

	if (sscanf(text, "vmpl%1u%n", &vmpl, &used) != 1 || vmpl >= TRACE_VMPLS)
		return;
	for (text += used; sscanf(text, " %23s %u%n", name, &count, &used) == 2; text += used) {
		struct trace_reason *r = reason(t, name);
		struct trace_sample *s;

		s = r ? grow((void **)&t->samples, &t->sample_count, sizeof(*s), SAMPLES_MOST)
		      : NULL;
		if (s)
			*s = (struct trace_sample){ms, vmpl, (unsigned)(r - t->reasons), count};
	}
}

static bool find_state(const char *word, enum trace_state *s)
{
	for (unsigned i = 0; i < TRACE_STATES; i++) {
		if (strcmp(word, states[i]) != 0)
			continue;
		*s = (enum trace_state)i;
		return true;
	}
	return false;
}

/* One that does not come behind the last one is none: pictures are drawn in this order. */
static bool follows(const struct trace *t, uint64_t first, uint64_t pages)
{
	const struct trace_stretch *last =
		t->stretch_count ? &t->stretches[t->stretch_count - 1] : NULL;

	return pages && !(first & 0xfff) && first < ADDRESS_MOST && pages < ADDRESS_MOST / 4096 &&
	       (!last || first >= last->first + last->pages * 4096);
}

/* "0x4000000 512 validated rwus rwus ---- ----", "12 stretches" */
static void take_rmp(struct trace *t, const char *text)
{
	unsigned long long first, pages;
	struct trace_stretch *s;
	enum trace_state state;
	char word[12], perms[TRACE_VMPLS * 5] = "";
	unsigned all;
	int used = 0;

	if (sscanf(text, "%u stretches%n", &all, &used) == 1 && used) {
		t->map_whole = all == t->stretch_count;
		return;
	}
	if (sscanf(text, "0x%llx %llu %11s %19[-rwus ]", &first, &pages, word, perms) < 3 ||
	    !find_state(word, &state) || !follows(t, first, pages))
		return;
	s = grow((void **)&t->stretches, &t->stretch_count, sizeof(*s), STRETCHES_MOST);
	if (!s)
		return;
	*s = (struct trace_stretch){.first = first, .pages = pages, .state = state};
	memcpy(s->perms, perms, sizeof(perms));
}

static void take_line(struct trace *t, const char *line)
{
	unsigned seconds, thousandths, ms;
	const char *text;
	int used = 0;

	if (sscanf(line, "[cpu %*u %6u.%3u] %n", &seconds, &thousandths, &used) != 2 || !used)
		return;
	ms = seconds * 1000 + thousandths;
	text = line + used;
	t->last_ms = MAX(t->last_ms, ms);
	if (strncmp(text, "stats: ", 7) == 0)
		take_stats(t, text + 7);
	else if (strncmp(text, "series: ", 8) == 0)
		take_series(t, text + 8, ms);
	else if (strncmp(text, "rmp: ", 5) == 0)
		take_rmp(t, text + 5);
	else if (strncmp(text, "phase: kernel:", 14) == 0 && !t->kernel_ms)
		t->kernel_ms = ms;
	else if (strncmp(text, "phase: user:", 12) == 0 && !t->user_ms)
		t->user_ms = ms;
}

void trace_read(struct trace *t, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[LINE_MOST];

	*t = (struct trace){0};
	for (unsigned n = 0; f && n < LINES_MOST && fgets(line, sizeof(line), f); n++)
		take_line(t, line);
	if (f)
		fclose(f);
}

void trace_free(struct trace *t)
{
	free(t->reasons);
	free(t->samples);
	free(t->stretches);
	*t = (struct trace){0};
}

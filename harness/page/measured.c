/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Which facts are latencies stands in one table: their keys end, or begin, in a certain way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/page/loaded.h"
#include "harness/page/measured.h"

#define MS_MOST 1e9
#define US_MOST 1e12

const char *const phase_names[PHASE_KINDS] = {"machine", "SVSM", "firmware", "kernel",
					      "user space"};

static double ms_of(const json_t *times, const char *key)
{
	double ms;

	return loaded_number(times, key, &ms) && ms >= 0 && ms < MS_MOST ? ms : -1;
}

/* What the guest's clock does not know of was the firmware's, and the decompressor's. */
static void split_firmware(struct phase_times *p, const json_t *boot)
{
	const char *text = loaded_text(json_object_get(boot, "info"), "kernel_seconds");
	double kernel = text ? strtod(text, NULL) * 1000 : -1;

	if (!(kernel > 0) || kernel > p->ms[PHASE_KERNEL])
		return;
	p->ms[PHASE_FIRMWARE] = p->ms[PHASE_KERNEL] - kernel;
	p->ms[PHASE_KERNEL] = kernel;
}

void phases_of(struct phase_times *p, const json_t *boot, bool firmware)
{
	const json_t *times = json_object_get(boot, "timeline_ms");

	p->ms[PHASE_MACHINE] = ms_of(times, "phase_monitor");
	p->ms[PHASE_SVSM] = ms_of(times, "phase_svsm");
	p->ms[PHASE_FIRMWARE] = -1;
	p->ms[PHASE_KERNEL] = ms_of(times, "phase_kernel");
	p->ms[PHASE_USER] = ms_of(times, "phase_user_space");
	if (firmware)
		split_firmware(p, boot);
	p->all = 0;
	for (unsigned i = 0; i < PHASE_KINDS; i++)
		p->all += p->ms[i] > 0 ? p->ms[i] : 0;
}

/* ---- latencies ---- */

enum unit {
	TICKS,
	NS,
	US
};

/* Where the numbers of a fact mean what. skip: those in front that are no times. */
static const struct form {
	const char *begins, *ends;
	unsigned numbers, skip; /* numbers: all that stand there */
	enum unit unit;
	const char *what[LATENCY_VALUES];
} forms[] = {
	{"", "_tsc", 1, 0, TICKS, {"mean"}},
	{"", "_tsc", 2, 0, TICKS, {"quickest", "median"}},       /* guests/bare/core/cost.c */
	{"", "_ns", 3, 0, NS, {"least", "median", "most"}},      /* guests/bare/timer */
	{"", "_ns", 1, 0, NS, {"longest"}},                      /* guests/bench/bench.c */
	{"module_call", "", 2, 0, US, {"quickest", "median"}},   /* guests/bench/calls.c */
	{"timer_late", "", 4, 1, US, {"median", "p99", "most"}}, /* guests/bench/jitter.c */
	{"vtpm_", "", 8, 1, US, {"median", "p99", "mean"}},      /* guests/bench/bench.c */
};

static bool fits(const struct form *m, const char *key, unsigned numbers)
{
	size_t n = strlen(key), end = strlen(m->ends);

	return numbers == m->numbers && strncmp(key, m->begins, strlen(m->begins)) == 0 &&
	       n >= end && strcmp(key + n - end, m->ends) == 0;
}

/* How many numbers the text is, and nothing else; 0: it is something else. */
static unsigned numbers_of(const char *text, double v[8])
{
	unsigned n = 0;
	char *end;

	while (*text) {
		double x = strtod(text, &end);

		if (end == text || n == 8 || !(x >= 0 && x < US_MOST * 1000) ||
		    (*end && *end != ' '))
			return 0;
		v[n++] = x;
		text = end + (*end == ' ');
	}
	return n;
}

static double to_us(double v, enum unit unit, double khz)
{
	return unit == TICKS ? v * 1000 / khz : unit == NS ? v / 1000 : v;
}

bool latency_of(struct latency *l, const char *key, const char *text, double khz)
{
	double v[8];
	unsigned n = numbers_of(text, v);

	for (size_t i = 0; n && i < ARRAY_LEN(forms); i++) {
		const struct form *m = &forms[i];

		if (!fits(m, key, n) || (m->unit == TICKS && khz <= 0))
			continue;
		*l = (struct latency){.key = key};
		while (l->n < LATENCY_VALUES && m->what[l->n]) {
			l->what[l->n] = m->what[l->n];
			l->us[l->n] = to_us(v[m->skip + l->n], m->unit, khz);
			l->n++;
		}
		return true;
	}
	return false;
}

double latency_khz(const json_t *info)
{
	const char *text = loaded_text(info, "tsc_khz");
	double khz = text ? strtod(text, NULL) : 0;

	return khz >= 1000 && khz < 1e8 ? khz : 0;
}

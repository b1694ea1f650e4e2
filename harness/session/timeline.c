/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How long each stage of a boot took. The marks are the harness's own clock; the guest adds how
 * far its own had come, by which the kernel's time and user space's are told apart. A mark that
 * is missing leaves its phase unknown.
 */
#include "harness/session/timeline.h"

/* 0 stands for "not seen", so what came in the very first millisecond is 1. */
unsigned timeline_mark(const struct timeline *t, uint64_t when)
{
	return when <= t->started ? 1 : (unsigned)(when - t->started);
}

/* to - from, or -1 when one of them was not seen. */
static int span(unsigned from, unsigned to)
{
	return from && to && to >= from ? (int)(to - from) : -1;
}

/* The first mark that was seen, in order of preference; 0: none was. */
static unsigned first_of(unsigned a, unsigned b, unsigned c)
{
	return a ? a : b ? b : c;
}

/* The last part of the kernel's phase is user space's; one that does not fit, or -1, is none. */
static void split(struct phases *p, int user)
{
	if (user < 0 || user > p->kernel)
		return;
	p->user = user;
	p->kernel -= user;
}

/* Without the machine's word the first byte on the console stands for the guest's start; with it
 * that may be the SVSM's. A bare guest tells nothing of its clock: its kernel phase reaches up to
 * HELLO. */
struct phases timeline_phases(const struct timeline *t)
{
	struct phases p = {-1, -1, -1, -1};
	unsigned svsm = first_of(t->svsm, t->launched, 0);
	unsigned guest = first_of(t->guest, t->entered, t->launched ? 0 : t->console);
	unsigned up = first_of(t->ready, t->end, 0);
	double user;

	if (t->loaded)
		return p;
	p.monitor = svsm ? (int)svsm : -1;
	p.svsm = span(svsm, guest);
	p.kernel = span(guest, up);
	if (p.kernel < 0)
		return p;
	if (t->ready_seconds <= t->kernel_seconds) {
		split(&p, span(t->user_mode, up));
		return p;
	}
	/* The guest's claim may be any number, and none: only what fits becomes an integer. */
	user = (t->ready_seconds - t->kernel_seconds) * 1000;
	split(&p, user < p.kernel ? (int)user : p.kernel);
	return p;
}

/* null rather than -1: nobody then adds up what was not measured. */
static json_t *known(int ms)
{
	return ms < 0 ? json_null() : json_integer(ms);
}

/* Of a machine that was loaded, what it has written by then was there at once. */
static struct timeline without_boot(const struct timeline *t)
{
	if (!t->loaded)
		return *t;
	return (struct timeline){.started = t->started, .ready = t->ready, .loaded = true};
}

json_t *timeline_json(const struct timeline *all)
{
	struct timeline known_marks = without_boot(all), *t = &known_marks;
	struct phases p = timeline_phases(t);
	json_t *o = json_object();

	json_object_set_new(o, "monitor_first_word", known(t->monitor ? (int)t->monitor : -1));
	json_object_set_new(o, "launched", known(t->launched ? (int)t->launched : -1));
	json_object_set_new(o, "svsm_first_word", known(t->svsm ? (int)t->svsm : -1));
	json_object_set_new(o, "guest_start", known(t->guest ? (int)t->guest : -1));
	json_object_set_new(o, "guest_entered", known(t->entered ? (int)t->entered : -1));
	json_object_set_new(o, "guest_user_mode", known(t->user_mode ? (int)t->user_mode : -1));
	json_object_set_new(o, "console_first_word", known(t->console ? (int)t->console : -1));
	json_object_set_new(o, "ready", known(t->ready ? (int)t->ready : -1));
	json_object_set_new(o, "end", known(t->end ? (int)t->end : -1));
	json_object_set_new(o, "phase_monitor", known(p.monitor));
	json_object_set_new(o, "phase_svsm", known(p.svsm));
	json_object_set_new(o, "phase_kernel", known(p.kernel));
	json_object_set_new(o, "phase_user_space", known(p.user));
	return o;
}

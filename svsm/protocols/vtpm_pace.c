/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How long an attempt at a TPM command may keep its vCPU: the table is in vtpm_pace.h. vtpm.c calls
 * it with LOCK_VTPM held. It must stay pure (no clock, no lock, no memory of its own), so that the
 * unit tests can play every client to it.
 */
#include "protocols/vtpm_pace.h"

struct vtpm_slice vtpm_pace_first(struct vtpm_pace *p, uint64_t now, bool helped)
{
	*p = (struct vtpm_pace){.last = now, .helped = helped};
	return (struct vtpm_slice){PACE_FIRST, true};
}

struct vtpm_slice vtpm_pace_boot(struct vtpm_pace *p, uint64_t now, uint64_t left, bool helped)
{
	struct vtpm_slice s = vtpm_pace_first(p, now, helped);

	s.ns = MAX(s.ns, left);
	return s;
}

struct vtpm_slice vtpm_pace_firmware(struct vtpm_pace *p, uint64_t now, uint64_t left)
{
	*p = (struct vtpm_pace){.last = now};
	return (struct vtpm_slice){MAX(left, PACE_FIRST), true};
}

static uint64_t pause_before(const struct vtpm_pace *p, uint64_t now)
{
	return now > p->last ? now - p->last : 0;
}

/*
 * Is this Linux's last attempt? Linux doubles its pauses, so the pause before is long as well. A
 * client that asks all the time and was held up once has a short pause before.
 */
static bool is_last(uint64_t before, uint64_t pause)
{
	return pause >= PACE_GAP && before >= PACE_GAP / 3;
}

static bool may_wait(struct vtpm_pace *p)
{
	if (p->waited == PACE_WAITS)
		return false;
	p->waited++;
	return true;
}

struct vtpm_slice vtpm_pace_again(struct vtpm_pace *p, uint64_t now, bool helped)
{
	uint64_t pause = pause_before(p, now), before = p->pause;

	p->pause = pause;
	p->helped |= helped;
	if (is_last(before, pause))
		return (struct vtpm_slice){PACE_LAST, true};
	if (p->helped)
		return (struct vtpm_slice){PACE_FIRST, may_wait(p)};
	return (struct vtpm_slice){MAX(PACE_FIRST, MIN(pause, PACE_SHARE)), false};
}

void vtpm_pace_seen(struct vtpm_pace *p, uint64_t now)
{
	p->last = now;
}

bool vtpm_pace_expected(const struct vtpm_pace *p, uint64_t now)
{
	return pause_before(p, now) < PACE_KEEP;
}

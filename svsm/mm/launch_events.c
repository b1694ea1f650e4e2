/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The launch page's measurement events and its words about the TPM's state, checked field by field
 * before anything uses them. They are measured, so what is wrong with them is the builder's
 * mistake. It must not become a PCR that nobody expects. Portable, pure.
 */
#include "mm/launch_events.h"

static bool is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= b[i];
	return !any;
}

static bool is_type(uint32_t type)
{
	return type == LAUNCH_EV_SEPARATOR || type == LAUNCH_EV_EVENT_TAG ||
	       type == LAUNCH_EV_IPL || type == LAUNCH_EV_EFI_APP;
}

/* Printable, not empty, and nothing but zeroes behind its end. */
static bool is_text(const char *text)
{
	size_t n = 0;

	while (n < LAUNCH_EVENT_TEXT && text[n] >= ' ' && text[n] <= '~')
		n++;
	return n && n < LAUNCH_EVENT_TEXT && is_zero(text + n, LAUNCH_EVENT_TEXT - n);
}

/* No hash of anything is all zeroes: such a digest was forgotten. */
static const char *event_objection(const struct launch_event *e)
{
	if (e->pcr >= LAUNCH_EVENT_PCRS)
		return "an event's PCR";
	if (!is_type(e->type))
		return "an event's type";
	if (!is_text(e->text))
		return "an event's text";
	if (is_zero(e->sha1, sizeof(e->sha1)) || is_zero(e->sha256, sizeof(e->sha256)) ||
	    is_zero(e->sha384, sizeof(e->sha384)) || is_zero(e->sha512, sizeof(e->sha512)))
		return "an event without a digest";
	return NULL;
}

/* A launch that takes keys from anybody says so, and names nobody. */
static const char *signer_objection(const struct launch_info *l)
{
	bool signer = !is_zero(l->state.signer, sizeof(l->state.signer));
	uint64_t how = l->flags & (LAUNCH_FLAG_KEYS | LAUNCH_FLAG_KEYS_UNSIGNED);

	if (how == LAUNCH_FLAG_KEYS_UNSIGNED)
		return "keys that are not asked for";
	if (signer != (how == LAUNCH_FLAG_KEYS))
		return "keys without a signer, or a signer without keys";
	return NULL;
}

static const char *state_objection(const struct launch_info *l)
{
	bool key = !is_zero(l->state.test_key, sizeof(l->state.test_key));

	if (!(l->flags & LAUNCH_FLAG_STATE) &&
	    (l->flags & LAUNCH_FLAGS_STATE || !is_zero(&l->state, sizeof(l->state))))
		return "words about a TPM's state that is not asked for";
	if (key != !!(l->flags & LAUNCH_FLAG_TEST_KEY))
		return "a test key without its flag, or the flag without a key";
	if (key && l->flags & LAUNCH_FLAG_KEYS)
		return "a test key, and keys of a server";
	return signer_objection(l);
}

const char *launch_events_objection(const struct launch_info *l)
{
	const char *why = NULL;

	if (l->flags & ~LAUNCH_FLAGS)
		return "unknown flags";
	if (l->event_count > LAUNCH_EVENTS_MAX)
		return "too many events";
	if ((l->guest == LAUNCH_GUEST_LINUX) != (l->event_count != 0))
		return "Linux without events, or events without Linux";
	for (uint32_t i = 0; i < l->event_count && !why; i++)
		why = event_objection(&l->events[i]);
	if (!why && !is_zero(&l->events[l->event_count],
			     (LAUNCH_EVENTS_MAX - l->event_count) * sizeof(l->events[0])))
		return "unused events that are not zero";
	if (!why)
		why = state_objection(l);
	if (!why && !is_zero(l->pad, sizeof(l->pad)))
		return "padding that is not zero";
	return why;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The launch page's measurement events (abi/launch.h): each field that says something else than the
 * builder would say is refused.
 *
 * sources: svsm/mm/launch_events.c
 */
#include "tests/native/check.h"
#include "mm/launch_events.h"

#include <string.h>

static struct launch_info page;

static struct launch_info *good(void)
{
	static const struct launch_event event = {.pcr = 15,
						  .type = LAUNCH_EV_SEPARATOR,
						  .text = "separator",
						  .sha1 = {1},
						  .sha256 = {1},
						  .sha384 = {[47] = 1},
						  .sha512 = {[63] = 1}};

	page = (struct launch_info){.guest = LAUNCH_GUEST_LINUX, .event_count = 2};
	page.flags = LAUNCH_FLAG_SELFTEST | LAUNCH_FLAG_PANIC | LAUNCH_FLAG_TEST |
		     LAUNCH_FLAG_ALT_INJ | LAUNCH_FLAG_SECURE_TSC | LAUNCH_FLAG_COM1;
	page.events[0] = page.events[1] = event;
	page.events[1].type = LAUNCH_EV_EFI_APP;
	return &page;
}

static bool is_refused(const char *why)
{
	const char *said = launch_events_objection(&page);

	return CHECK(said) && CHECK(strstr(said, why));
}

TEST(what_the_builder_makes_is_accepted)
{
	CHECK(!launch_events_objection(good()));
	good()->event_count = LAUNCH_EVENTS_MAX;
	for (unsigned i = 2; i < LAUNCH_EVENTS_MAX; i++)
		page.events[i] = page.events[0];
	page.events[2].type = LAUNCH_EV_EVENT_TAG;
	page.events[3].type = LAUNCH_EV_IPL;
	memset(page.events[4].text, '~', LAUNCH_EVENT_TEXT - 1);
	CHECK(!launch_events_objection(&page));
	page = (struct launch_info){.guest = LAUNCH_GUEST_BARE};
	CHECK(!launch_events_objection(&page));
	page.guest = LAUNCH_GUEST_NONE;
	CHECK(!launch_events_objection(&page));
}

TEST(counts_fit_the_guest)
{
	static const uint32_t bad[] = {LAUNCH_EVENTS_MAX + 1, 0x80000000, ~0u};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		good()->event_count = bad[i];
		is_refused("too many events");
	}
	page = (struct launch_info){.guest = LAUNCH_GUEST_LINUX};
	is_refused("Linux without events");
	good()->guest = LAUNCH_GUEST_BARE;
	is_refused("events without Linux");
	good()->event_count = 1; /* the other is unused then */
	is_refused("unused events");
}

TEST(each_field_of_an_event_is_checked)
{
	good()->events[1].pcr = 16;
	is_refused("PCR");
	good()->events[1].pcr = ~0u;
	is_refused("PCR");
	good()->events[1].type = 0;
	is_refused("type");
	good()->events[1].type = 3; /* EV_NO_ACTION extends nothing */
	is_refused("type");
	memset(good()->events[0].text, 0, LAUNCH_EVENT_TEXT);
	is_refused("text");
	memset(good()->events[0].text, 'x', LAUNCH_EVENT_TEXT);
	is_refused("text");
	good()->events[0].text[3] = '\n';
	is_refused("text");
	good()->events[0].text[LAUNCH_EVENT_TEXT - 1] = 'x';
	is_refused("text");
	memset(good()->events[0].sha1, 0, 20);
	is_refused("digest");
	memset(good()->events[0].sha256, 0, 32);
	is_refused("digest");
	memset(good()->events[0].sha384, 0, 48);
	is_refused("digest");
	memset(good()->events[1].sha512, 0, 64);
	is_refused("digest");
}

TEST(what_is_not_used_is_zero)
{
	good()->pad[0] = 1;
	is_refused("padding");
	good()->pad[sizeof(page.pad) - 1] = 0x80;
	is_refused("padding");
	good()->events[LAUNCH_EVENTS_MAX - 1].sha512[63] = 1;
	is_refused("unused events");
	good()->flags |= BIT(11);
	is_refused("flags");
	good()->flags |= BIT(31);
	is_refused("flags");
}

TEST(words_about_a_state_fit_together)
{
	good()->flags |= LAUNCH_FLAG_STATE;
	page.state.identity[31] = 1;
	CHECK(!launch_events_objection(&page));
	page.flags |= LAUNCH_FLAG_STATE_REQUIRED | LAUNCH_FLAG_TEST_KEY;
	is_refused("test key");
	page.state.test_key[31] = 1;
	CHECK(!launch_events_objection(&page));
	page.flags &= ~LAUNCH_FLAG_TEST_KEY;
	is_refused("test key");
	page.flags |= LAUNCH_FLAG_TEST_KEY | LAUNCH_FLAG_KEYS | LAUNCH_FLAG_KEYS_UNSIGNED;
	is_refused("test key");
	good()->flags |= LAUNCH_FLAG_STATE_REQUIRED;
	page.state = (struct launch_state){0};
	is_refused("not asked for");
	good();
	page.state.identity[0] = 1;
	is_refused("not asked for");
}

TEST(a_signer_or_the_word_that_there_is_none)
{
	good()->flags |= LAUNCH_FLAG_STATE | LAUNCH_FLAG_KEYS;
	is_refused("signer");
	page.state.signer[RELEASE_SIGNER - 1] = 1;
	CHECK(!launch_events_objection(&page));
	page.flags |= LAUNCH_FLAG_KEYS_UNSIGNED;
	is_refused("signer");
	memset(page.state.signer, 0, RELEASE_SIGNER);
	CHECK(!launch_events_objection(&page));
	page.flags &= ~LAUNCH_FLAG_KEYS;
	is_refused("not asked for");
	page.flags &= ~LAUNCH_FLAG_KEYS_UNSIGNED;
	page.state.signer[0] = 1;
	is_refused("signer");
	page.flags = (page.flags & ~LAUNCH_FLAG_STATE) | LAUNCH_FLAG_KEYS;
	is_refused("not asked for");
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The table of GHCB events: each has one handler.
 *
 * sources: launch/machine/hv/ghcb/nae.c
 */
#include "machine/hv/ghcb/nae.h"
#include "abi/ghcb.h"
#include "machine/host_assert.h"
#include "tests/native/check.h"

#include <setjmp.h>
#include <string.h>

#define TWICE 0x80001234ull

static unsigned served, failed_with;
static jmp_buf stopped;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[32] = {&state};

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	longjmp(stopped, 1);
}

void ghcb_fail(struct ghcb_call *c, unsigned reason)
{
	(void)c;
	failed_with = reason;
}

bool ghcb_needs_met(const struct ghcb_call *c, unsigned needs)
{
	(void)c, (void)needs;
	return true;
}

static void serve(struct ghcb_call *c)
{
	(void)c;
	served++;
}

NAE_HANDLER(one) = {.code = GHCB_EXIT_CPUID, .run = serve, .features = 1};
NAE_HANDLER(first) = {.code = TWICE, .run = serve, .features = 2};
NAE_HANDLER(second) = {.code = TWICE, .run = serve, .features = 4};

static void call(uint64_t code)
{
	static struct vcpu v;
	struct ghcb_call c = {.v = &v, .code = code};

	served = failed_with = 0;
	nae_dispatch(&c);
}

TEST(an_event_is_served_or_refused)
{
	call(GHCB_EXIT_CPUID);
	CHECK_EQ(served, 1);
	CHECK_EQ(failed_with, 0);
	call(0x77777777);
	CHECK_EQ(served, 0);
	CHECK_EQ(failed_with, GHCB_ERR_INVALID_EVENT);
	CHECK_EQ(nae_features(), 7);
}

TEST(two_handlers_of_one_event_are_refused)
{
	volatile bool refused = false;

	if (setjmp(stopped))
		refused = true;
	else
		nae_init();
	CHECK(refused);
}

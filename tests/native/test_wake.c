/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * How a CPU sleeps when the hypervisor does not want to hear that an NMI was handled: GHCB, NMI
 * Complete; docs/host-answers.md.
 *
 * sources: svsm/task/wake.c
 */
#include <string.h>
#include "cpu/trap/hv.h"
#include "cpu/sleep.h"
#include "cpu/timer.h"
#include "cpu/x2apic.h"
#include "platform/platform.h"
#include "task/wake.h"
#include "tests/native/check.h"
#include "tests/native/gs.h"

static struct cpu cpu;
static bool refuse;
static unsigned told, halts;

static bool nmi_done(void)
{
	told++;
	return !refuse;
}

static const struct platform_ops fake = {.nmi_done = nmi_done};
const struct platform_ops *platform = &fake;

bool x2apic_send_nmi(uint32_t apic_id)
{
	(void)apic_id;
	return false;
}

/* cpu/trap/hv.h: #HVs so far, what the page shows, and one that comes while it is emptied. */
uint32_t hv_used;
static uint32_t rings;
static uint8_t shown;
static bool rings_meanwhile;
static unsigned expired;

const uint32_t *hv_count(void)
{
	return &rings;
}

uint8_t hv_take(void)
{
	uint8_t v = shown;

	shown = 0;
	rings += rings_meanwhile;
	rings_meanwhile = false;
	return v;
}

void timer_expired(void)
{
	expired++;
}

void sleep_unless(const uint32_t *count, uint32_t seen)
{
	halts += *count == seen;
}

TEST(nobody_sleeps_while_nmis_are_held_back)
{
	memset(&cpu, 0, sizeof(cpu));
	gs_become(&cpu);
	wake_sleep(wake_ready());
	CHECK_EQ(told, 0);
	CHECK_EQ(halts, 1);
	cpu.nmi_count++;
	refuse = true;
	for (unsigned i = 0; i < 3; i++)
		wake_sleep(wake_ready());
	CHECK_EQ(told, 3);
	CHECK_EQ(halts, 1);
	refuse = false;
	wake_sleep(wake_ready());
	CHECK_EQ(told, 4);
	CHECK_EQ(halts, 2);
	wake_sleep(wake_ready());
	CHECK_EQ(told, 4); /* it knows */
	CHECK_EQ(halts, 3);
}

TEST(no_signal_is_lost_by_hv)
{
	hv_used = 1;
	told = halts = 0;
	wake_sleep(wake_ready());
	CHECK_EQ(halts, 1);
	check_context("one that comes while the page is emptied");
	rings_meanwhile = true;
	wake_sleep(wake_ready());
	CHECK_EQ(halts, 1);
	check_context("one after that");
	uint32_t seen = wake_ready();

	rings++;
	wake_sleep(seen);
	CHECK_EQ(halts, 1);
	check_context("the timer's");
	shown = TIMER_VECTOR;
	wake_sleep(wake_ready());
	CHECK_EQ(expired, 1);
	CHECK_EQ(halts, 2);
	CHECK_EQ(told, 0); /* NMI Complete is not for those who take no NMI */
	hv_used = 0;
}

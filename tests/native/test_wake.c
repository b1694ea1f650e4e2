/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * How a CPU sleeps when the hypervisor does not want to hear that an NMI was handled: GHCB, NMI
 * Complete; docs/host-answers.md.
 *
 * sources: svsm/task/wake.c
 */
#include <string.h>
#include "cpu/sleep.h"
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

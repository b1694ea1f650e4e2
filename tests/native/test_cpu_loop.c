/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The loop of a CPU and hypervisors that refuse to run the guest, or say so: docs/host-answers.md.
 * A script plays the rounds; its end leaves the loop by longjmp.
 *
 * sources: svsm/boot/cpu_loop.c
 */
#include <setjmp.h>
#include <string.h>
#include "boot/cpu_loop.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "lib/lock.h"
#include "platform/platform.h"
#include "platform/vcpu.h"
#include "protocols/attest/attest_ahead.h"
#include "protocols/dispatch.h"
#include "task/sched.h"
#include "tests/native/check.h"
#include "tests/native/gs.h"

struct round {
	bool refused; /* the hypervisor's answer */
	bool called;  /* the guest has called all the same */
};

static struct cpu cpu;
static const struct round *script;
static unsigned rounds, at, served, unseen, halts;
static unsigned in_vain[64];
static uint64_t now, began[64]; /* ns; when each round began */
static jmp_buf end;

static enum platform_result run(unsigned vmpl, unsigned n)
{
	CHECK_EQ(vmpl, 2);
	CHECK_EQ(unseen, 0); /* no run while a call may be pending */
	if (at == rounds)
		longjmp(end, 1);
	began[at] = now;
	in_vain[at] = n;
	unseen = 1;
	now += 1000;
	return script[at].refused ? PLATFORM_REFUSED : PLATFORM_OK;
}

bool svsm_request(struct cpu *c)
{
	CHECK(c == &cpu);
	unseen = 0;
	served += script[at].called;
	return script[at++].called;
}

static void halt(void)
{
	halts++;
}

/* A task is ready, and our timer ends runs, or does not. */
uint32_t tasks_ready;
static uint32_t events;
static unsigned shared;
static bool ends;

const uint32_t *hv_count(void)
{
	return &events;
}

bool sched_share(void)
{
	shared++;
	events += ends;
	return true;
}

static const struct vcpu_ops vcpu = {.run = run};
static const struct platform_ops fake = {.halt = halt, .vcpu = &vcpu};
const struct platform_ops *platform = &fake;

/* A CPU without a guest: it comes back here until it has slept often enough. */
static unsigned sleeps, ahead;

void sched_idle(void)
{
	CHECK(gpa_eq(cpu.guest.vmsa, GPA_NONE));
	if (++sleeps == 3)
		longjmp(end, 1);
}

void attest_ahead(void)
{
	CHECK(cpu.service);
	CHECK_EQ(ahead, sleeps); /* before each look for work */
	ahead++;
}

uint64_t timer_now(void)
{
	return now += 100;
}

uint64_t timer_ticks(uint64_t ns)
{
	return ns;
}

static void play(const struct round *r, unsigned n)
{
	memset(&cpu, 0, sizeof(cpu));
	cpu.guest.vmpl = 2;
	cpu.guest.vmsa = gpa(0x1000);
	gs_become(&cpu);
	script = r;
	rounds = n;
	at = served = unseen = halts = shared = 0;
	now = 1;
	if (!setjmp(end))
		cpu_loop();
}

TEST(a_call_behind_a_refusal_is_served_at_once)
{
	static const struct round r[] = {{true, true}, {true, true}, {true, true}, {true, true}};

	play(r, ARRAY_LEN(r));
	CHECK_EQ(served, 4);
	CHECK_EQ(halts, 0);
	CHECK(now < 100000); /* and no rest in between */
}

TEST(a_refused_run_is_tried_in_another_way)
{
	static const struct round r[] = {
		{true, false}, {false, true}, {true, false}, {true, false}};

	play(r, ARRAY_LEN(r));
	CHECK_EQ(in_vain[0], 0);
	CHECK_EQ(in_vain[1], 1);
	CHECK_EQ(in_vain[2], 0); /* a call makes it forget */
	CHECK_EQ(in_vain[3], 1);
	CHECK(began[3] - began[2] < 10000); /* the other way is not waited for */
}

/* Success may be the lie: then the guest has not run, and no call comes. */
TEST(a_run_that_brings_no_call_is_tried_in_another_way)
{
	static const struct round r[] = {{false, false}, {false, false}, {false, true}};

	play(r, ARRAY_LEN(r));
	CHECK_EQ(in_vain[1], 1);
	CHECK_EQ(in_vain[2], 2);
}

TEST(who_is_refused_in_every_way_comes_back)
{
	struct round r[60];

	for (unsigned i = 0; i < 60; i++)
		r[i] = (struct round){true, false};
	play(r, 60);
	CHECK_EQ(halts, 0);
	for (unsigned i = 2; i < 60; i++) {
		check_context("round %u", i);
		CHECK(began[i] - began[i - 1] >= 50000);   /* not at once, */
		CHECK(began[i] - began[i - 1] < 11000000); /* but soon */
	}
}

TEST(a_run_that_our_timer_ends_is_not_in_vain)
{
	static const struct round r[] = {
		{false, false}, {false, false}, {false, false}, {false, true}};

	tasks_ready = ends = true;
	play(r, ARRAY_LEN(r));
	CHECK_EQ(shared, 4 + 1); /* the last one ends the script */
	tasks_ready = ends = false;
}

/* Nobody knows why those came back: the next one goes the other way, whatever is ready. */
TEST(a_run_that_ends_for_no_reason_is_in_vain_though_a_task_is_ready)
{
	static const struct round r[] = {
		{false, false}, {false, false}, {true, false}, {false, true}, {false, true}};

	tasks_ready = true;
	play(r, ARRAY_LEN(r));
	CHECK_EQ(in_vain[1], 1);
	CHECK_EQ(in_vain[2], 2);
	CHECK_EQ(in_vain[3], 3);
	CHECK_EQ(shared, 1 + 1 + 1); /* the first, the one behind a call, and the script's end */
	tasks_ready = false;
}

static void idle(bool service)
{
	memset(&cpu, 0, sizeof(cpu));
	cpu.guest.vmsa = GPA_NONE;
	cpu.service = service;
	gs_become(&cpu);
	sleeps = ahead = 0;
	if (!setjmp(end))
		cpu_loop();
}

TEST(keys_are_made_by_service_cpus)
{
	idle(true);
	CHECK_EQ(ahead, 3);
	idle(false); /* a vCPU that the guest has not started yet */
	CHECK_EQ(ahead, 0);
}

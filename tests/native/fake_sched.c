/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* CPUs and a clock for the scheduler: threads, or one thread that plays all of them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/native/fake_sched.h"
#include "tests/native/check.h"
#include "tests/native/gs.h"
#include "mm/alloc.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "task/task.h"
#include "task/wake.h"

struct cpu cpus[CPUS];
extern char __start_svsm_percpu[], __stop_svsm_percpu[];
static char areas[CPUS][4096] ALIGNED(64); /* their copies of the PERCPU variables */

uint64_t fake_now;
bool real_time;
uint64_t armed;
unsigned nmis[CPUS];
bool stop;
void (*at_ready)(void), (*at_sleep)(void);
pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t nmi_came = PTHREAD_COND_INITIALIZER;

/* In fake time each look is a tick later, so a loop that waits for time comes to its end. */
uint64_t timer_now(void)
{
	struct timespec t;

	if (!real_time)
		return fake_now++;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t timer_ticks(uint64_t ns)
{
	return ns;
}

void timer_arm(uint64_t at)
{
	if (!real_time)
		armed = at;
}

void *alloc(size_t size)
{
	return calloc(1, size);
}

unsigned percpu_count(void)
{
	return CPUS;
}

struct cpu *percpu_get(unsigned i)
{
	return i < CPUS ? &cpus[i] : NULL;
}

/* An NMI: it counts, and wakes the thread of that CPU if it sleeps. */
void wake_cpu(const struct cpu *c)
{
	pthread_mutex_lock(&sleep_lock);
	nmis[c->index]++;
	cpus[c->index].nmi_count++;
	pthread_cond_broadcast(&nmi_came);
	pthread_mutex_unlock(&sleep_lock);
}

/*
 * Runs a test's hook once, at the moment where a lost wake-up would hide. The hook may play another
 * CPU, so this one becomes itself again.
 */
static void strike(void (**hook)(void))
{
	void (*what)(void) = *hook;
	struct cpu *me = percpu_this();

	*hook = NULL;
	if (what)
		what();
	gs_become(me);
}

/* The CPU says that it is about to sleep: an NMI from here on must not be lost. */
uint32_t wake_ready(void)
{
	uint32_t seen;

	pthread_mutex_lock(&sleep_lock);
	seen = percpu_this()->nmi_count;
	pthread_mutex_unlock(&sleep_lock);
	strike(&at_ready);
	return seen;
}

uint32_t hv_used;
unsigned slept;

uint8_t hv_take_before_run(void)
{
	return 0;
}

void timer_expired(void)
{
}

/*
 * Sleeps unless an NMI has come since wake_ready(). In fake time it only counts that it would have
 * slept.
 */
void wake_sleep(uint32_t seen)
{
	struct cpu *me = percpu_this();

	strike(&at_sleep);
	pthread_mutex_lock(&sleep_lock);
	if (!real_time)
		slept += me->nmi_count == seen;
	while (real_time && !stop && me->nmi_count == seen)
		pthread_cond_wait(&nmi_came, &sleep_lock);
	pthread_mutex_unlock(&sleep_lock);
}

void fake_sched_setup(void)
{
	CHECK(__stop_svsm_percpu - __start_svsm_percpu <= (ptrdiff_t)sizeof(areas[0]));
	memset(cpus, 0, sizeof(cpus));
	memset(areas, 0, sizeof(areas));
	memset(nmis, 0, sizeof(nmis));
	for (unsigned i = 0; i < CPUS; i++) {
		cpus[i].index = i;
		cpus[i].area = areas[i] - __start_svsm_percpu;
		cpus[i].guest.vmsa = i < 2 ? gpa(0x1000) : GPA_NONE;
	}
	cpus[3].service = true;
	tasks_ready = 0;
	real_time = false;
	at_ready = at_sleep = NULL;
	slept = 0;
	gs_become(&cpus[0]);
}

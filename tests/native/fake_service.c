/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* Ring 3 for the tests of the vTPM: its program's main loop, one request a step. */
#include "tests/native/fake_service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/native/check.h"
#include "base/assert.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/timer.h"
#include "services/lib/service.h"
#include "services/vtpm/self_test.h"
#include "services/vtpm/serve.h"
#include "services/vtpm/tpm.h"
#include "user/process_run.h"
#include "user/syscall.h"

struct fake_ring3 fake_ring3;
const uint8_t service_vtpm_start[1], service_vtpm_end[1];

/* ---- a process: the program's main loop, one request a step ---- */

static struct process *current;
static bool powered, fetched;

/* There is one process at a time: a second one without process_destroy() is a leak and fails. */
struct process *process_create(const char *name, const void *elf, size_t size, size_t page_limit)
{
	(void)elf;
	(void)size;
	CHECK(page_limit);
	CHECK(!current);
	if (fake_ring3.wont_start)
		return NULL;
	current = calloc(1, sizeof(*current));
	current->name = name;
	current->regs.rip = 0x400000;
	fake_ring3.started++;
	return current;
}

void process_destroy(struct process *p)
{
	CHECK(p == current);
	if (powered)
		tpm_power_off();
	powered = fetched = false;
	free(p);
	current = NULL;
}

static enum syscall_then last_then;

/* The program's system calls go to the kernel's own code, without a ring in between. */
int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	struct syscall_args args = {.a = {a, b, c}};

	last_then = syscall_serve(current, number, &args);
	return args.result;
}

/* Kernel and program share an address space here, so a copy cannot fail. */
bool user_copy_in(void *to, uint64_t va, size_t len)
{
	if (len)
		memcpy(to, (const void *)va, len);
	return true;
}

bool user_copy_out(uint64_t va, const void *from, size_t len)
{
	if (len)
		memcpy((void *)va, from, len);
	return true;
}

/*
 * The program dies: because the test wants it, or because the kernel has cleared its RIP to kill
 * it.
 */
static bool faults(struct process *p)
{
	if (!fake_ring3.fault && p->regs.rip)
		return false;
	fake_ring3.fault = false;
	fake_ring3.faulted++;
	fake_ring3.left = 0;
	return true;
}

/*
 * One turn of the program: start it, fetch a request, take the time that the test says, answer. It
 * comes back at each point at which the kernel's could.
 */
enum process_stop process_run(struct process *p)
{
	struct service_head head;

	if (!p->regs.rip && faults(p))
		return PROCESS_FAULTED;
	if (!powered && !serve_start())
		return PROCESS_EXITED;
	powered = true;
	if (!fetched) {
		service_wait(&head);
		if (last_then == SYSCALL_AGAIN)
			return PROCESS_WAITS;
		fetched = true;
		fake_ring3.left = fake_ring3.work;
	}
	if (faults(p))
		return PROCESS_FAULTED;
	if (fake_ring3.left)
		return PROCESS_PREEMPTED;
	fetched = false;
	service_wait(&head); /* the same again */
	return serve(&head) ? PROCESS_ANSWERED : PROCESS_EXITED;
}

void service_channel_no_key(void)
{
	fake_ring3.no_key++;
}

/* The real one is in libtpms.a only: test_vtpm_self_test.c. */
bool self_test(void)
{
	fake_ring3.self_tests++;
	return !fake_ring3.fails_self_test;
}

/* ---- one task; time passes when a caller lends it or sleeps ---- */

struct sched_task {
	enum sched_step (*step)(void *);
	void *arg;
	bool ready;
	bool handed;
};

struct sched_task *sched_task_new(enum sched_step (*step)(void *), void *arg)
{
	static struct sched_task task;

	task = (struct sched_task){.step = step, .arg = arg};
	return &task;
}

static struct sched_task *the_task;

void sched_wake(struct sched_task *t)
{
	the_task = t;
	t->ready = true;
}

/* Runs the task's turns for at most that long; the time that is left. */
static uint64_t work(struct sched_task *t, uint64_t ns)
{
	while (t->ready) {
		uint64_t n = MIN(ns, fake_ring3.left);

		fake_ring3.left -= n;
		ns -= n;
		t->ready = t->step(t->arg) == STEP_MORE;
		if (fake_ring3.left && !ns)
			break;
	}
	return ns;
}

/*
 * The caller lends its time to the task. With a helper the task goes on by itself from then on,
 * while fake_ring3_pass() lets time pass.
 */
enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait)
{
	uint64_t used = 0;

	if (fake_ring3.meanwhile)
		fake_ring3.meanwhile();
	if (!t->handed || wait)
		used = slice_ns - work(t, slice_ns);
	t->handed = t->ready && fake_ring3.helper;
	fake_ring3.now += used;
	fake_ring3.lent += used;
	return *done ? SCHED_DONE : t->handed ? SCHED_ELSEWHERE : SCHED_SLICE;
}

/* The callers sleep: only a CPU without a guest works meanwhile. */
void fake_ring3_pass(uint64_t ns)
{
	fake_ring3.now += ns;
	if (the_task && the_task->handed)
		work(the_task, ns);
	if (the_task && !the_task->ready)
		the_task->handed = false;
}

void sched_hand_over(void)
{
	if (the_task && the_task->ready)
		the_task->handed = fake_ring3.helper;
}

void sched_wake_spare(void)
{
	fake_ring3.woken++;
}

bool sched_has_spare_cpu(void)
{
	return fake_ring3.helper;
}

uint64_t timer_uptime_ns(void)
{
	return fake_ring3.now;
}

uint64_t timer_now(void)
{
	return fake_ring3.now;
}

uint64_t timer_ns(uint64_t tsc)
{
	return tsc;
}

void *alloc(size_t size)
{
	return calloc(1, size);
}

void alloc_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

void fake_ring3_reset(void)
{
	if (current)
		process_destroy(current);
	for (unsigned i = 0; i < SERVICE_SLOTS; i++) {
		free(vtpm_service.blob[i].data);
		vtpm_service.blob[i].data = NULL;
	}
	vtpm_service.process = NULL;
	vtpm_service.request = NULL;
	vtpm_service.taken = vtpm_service.kill = false;
	vtpm_service.restarts = 0;
	vtpm_service.task = NULL;
	the_task = NULL;
	fake_ring3 = (struct fake_ring3){0};
	syscall_init();
}

void panic(const char *fmt, ...)
{
	fprintf(stderr, "panic: %s\n", fmt);
	abort();
}

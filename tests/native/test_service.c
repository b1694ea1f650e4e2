/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Services as the kernel sees them: programs that misbehave, die, and never come up. A program here
 * is a function that makes system calls; user pointers are host pointers below 1 << 47 that a list
 * of mapped ranges knows.
 *
 * sources: svsm/user/service/service.c svsm/user/service/service_calls.c svsm/user/service/service_blob.c
 * sources: svsm/user/syscall.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/native/check.h"
#include "base/assert.h"
#include "cpu/timer.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "user/service/service.h"
#include "user/process_run.h"
#include "user/syscall.h"

static enum process_stop (*program)(struct process *p);
static unsigned created, destroyed, wakes;
static bool no_memory;
static size_t allocated;

/* ---- what the kernel's sources expect ---- */

struct process *process_create(const char *name, const void *elf, size_t size, size_t page_limit)
{
	struct process *p;

	(void)elf;
	CHECK_EQ(size, 5);
	CHECK_EQ(page_limit, 7);
	if (!program)
		return NULL;
	p = calloc(1, sizeof(*p));
	p->name = name;
	p->regs.rip = 0x400000;
	created++;
	return p;
}

void process_destroy(struct process *p)
{
	destroyed++;
	free(p);
}

enum process_stop process_run(struct process *p)
{
	return p->regs.rip ? program(p) : PROCESS_FAULTED;
}

static uint8_t user_memory[0x50000]; /* the addresses that the program may pass */

static bool mapped(uint64_t va, size_t len)
{
	uint64_t start = (uint64_t)user_memory;

	return va >= start && len <= sizeof(user_memory) && va - start <= sizeof(user_memory) - len;
}

bool user_copy_in(void *to, uint64_t va, size_t len)
{
	if (!mapped(va, len))
		return false;
	memcpy(to, (const void *)va, len);
	return true;
}

bool user_copy_out(uint64_t va, const void *from, size_t len)
{
	if (!mapped(va, len))
		return false;
	memcpy((void *)va, from, len);
	return true;
}

void *alloc(size_t size)
{
	if (no_memory)
		return NULL;
	allocated += size;
	return calloc(1, size);
}

void alloc_free(void *p, size_t size)
{
	allocated -= size;
	free(p);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void panic(const char *fmt, ...)
{
	fprintf(stderr, "panic: %s\n", fmt);
	abort();
}

uint64_t timer_ns(uint64_t tsc)
{
	return tsc;
}

static enum sched_step (*the_step)(void *);
static void *the_arg;
static bool ready;

struct sched_task *sched_task_new(enum sched_step (*step)(void *), void *arg)
{
	if (no_memory)
		return NULL;
	the_step = step;
	the_arg = arg;
	return (struct sched_task *)&the_step;
}

void sched_wake(struct sched_task *t)
{
	CHECK(t);
	wakes++;
	ready = true;
}

enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait)
{
	(void)slice_ns;
	(void)wait;
	CHECK(t);
	for (unsigned i = 0; ready && i < 100; i++)
		ready = the_step(the_arg) == STEP_MORE;
	return *done ? SCHED_DONE : SCHED_SLICE;
}

/* ---- the service ---- */

static const uint8_t elf[5];
static struct service service;
static uint8_t in[100], out[100];
static struct service_request request;

static void setup(enum process_stop (*p)(struct process *p))
{
	service = (struct service){.name = "test", .elf = elf, .elf_end = elf + 5, .page_limit = 7};
	program = p;
	created = destroyed = wakes = 0;
	no_memory = ready = false;
	allocated = 0;
	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	memset(out, 0xee, sizeof(out));
	request = (struct service_request){
		.kind = 1, .arg = 2, .in = in, .in_len = 50, .out = out, .out_room = 60};
	syscall_init();
}

static void teardown(void)
{
	if (service.process)
		process_destroy(service.process);
	for (unsigned i = 0; i < SERVICE_SLOTS; i++) {
		if (service.blob[i].data)
			alloc_free(service.blob[i].data, service.blob[i].len);
	}
	CHECK_EQ(created, destroyed);
	CHECK_EQ(allocated, 0);
}

static enum syscall_then then;
static int64_t call(struct process *p, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	struct syscall_args args = {.a = {a, b, c}};

	then = syscall_serve(p, number, &args);
	return args.result;
}

#define USER(offset) ((uint64_t)user_memory + (offset))

/* ---- a good service ---- */

static enum process_stop echo(struct process *p)
{
	struct service_head head;

	CHECK_EQ(call(p, SERVICE_CALL_WAIT, USER(0), 0, 0), 0);
	if (then == SYSCALL_AGAIN)
		return PROCESS_WAITS;
	memcpy(&head, user_memory, sizeof(head));
	CHECK_EQ(head.kind, 1);
	CHECK_EQ(head.arg, 2);
	CHECK_EQ(head.len, 50);
	CHECK_EQ(head.room, 60);
	CHECK_EQ(call(p, SERVICE_CALL_READ, USER(100), 10, 1000), 40);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(100), 5, 40), 40);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, SERVICE_OK, 45, 0), 0);
	CHECK_EQ(then, SYSCALL_ANSWERED);
	return PROCESS_ANSWERED;
}

TEST(requests_are_answered)
{
	setup(echo);
	for (unsigned i = 0; i < 3; i++) {
		memset(out, 0xee, sizeof(out));
		CHECK(service_submit(&service, &request));
		CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
		CHECK_EQ(request.status, SERVICE_OK);
		CHECK_EQ(request.out_len, 45);
		CHECK_EQ(out[4], 0); /* not what an earlier request left there */
		CHECK_MEM(out + 5, in + 10, 40);
		CHECK_EQ(out[45], 0);
		CHECK_EQ(out[60], 0xee);
	}
	CHECK_EQ(created, 1);
	teardown();
}

TEST(one_request_at_a_time)
{
	struct service_request other;

	setup(echo);
	other = request;
	CHECK(service_submit(&service, &request));
	CHECK(!service_submit(&service, &other));
	CHECK(!service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK(!other.done);
	CHECK(service_submit(&service, &other));
	CHECK_EQ(service_run(&service, &other, 1, true), SCHED_DONE);
	teardown();
}

/* ---- hostile services ---- */

static enum process_stop hostile(struct process *p)
{
	static const uint64_t far[] = {0, 1, ~0ull, 1ull << 63, 0xffffffff80000000};

	/* nothing was fetched yet */
	CHECK_EQ(call(p, SERVICE_CALL_READ, USER(0), 0, 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(0), 0, 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, 0, 0, 0), -EINVAL);
	for (unsigned i = 0; i < 5; i++) {
		check_context("pointer %#lx", (unsigned long)far[i]);
		CHECK_EQ(call(p, SERVICE_CALL_WAIT, far[i], 0, 0), -EFAULT);
		CHECK_EQ(call(p, SERVICE_CALL_READ, far[i], 0, 1), -EFAULT);
		CHECK_EQ(call(p, SERVICE_CALL_WRITE, far[i], 0, 1), -EFAULT);
		CHECK_EQ(call(p, SERVICE_CALL_STORE, 0, far[i], 1), -EFAULT);
	}
	check_context("ranges");
	CHECK_EQ(call(p, SERVICE_CALL_WAIT, USER(0), 0, 0), 0); /* the same one again */
	CHECK_EQ(call(p, SERVICE_CALL_READ, USER(0), 51, 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_READ, USER(0), ~0ull, 2), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_READ, USER(0), 50, 10), 0);
	CHECK_EQ(call(p, SERVICE_CALL_READ, USER(0), 49, ~0ull), 1);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(0), 0, 61), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(0), 61, 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(0), 60, 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(0), ~0ull, 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_WRITE, USER(0), 1, ~0ull), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, SERVICE_LOST, 0, 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, 99, 0, 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, 0, 61, 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, 0, ~0ull, 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, SERVICE_SLOTS, USER(0), 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, ~0ull, USER(0), 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 0, USER(0), SERVICE_BLOB_MAX + 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 0, USER(0), 0x100000001), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 0, USER(0), 0), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, SERVICE_SLOTS, USER(0), 1), -EINVAL);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 0, USER(0), 1), -ENOENT);
	CHECK_EQ(call(p, SERVICE_CALL_WAIT + 6, 0, 0, 0), -ENOSYS);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, SERVICE_EFAILED, 60, 0), 0);
	CHECK_EQ(call(p, SERVICE_CALL_ANSWER, 0, 0, 0), -EINVAL); /* answered already */
	return PROCESS_EXITED;
}

TEST(bad_system_calls_are_refused)
{
	setup(hostile);
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_EFAILED);
	CHECK_EQ(request.out_len, 60);
	for (unsigned i = 0; i < sizeof(out); i++)
		CHECK_EQ(out[i], i < 60 ? 0 : 0xee); /* it has written nothing */
	CHECK_EQ(service.restarts, 1); /* it exited after its answer: no request is lost */
	teardown();
}

TEST(the_calls_are_for_services)
{
	struct process p = {.name = "none"};

	setup(echo);
	for (uint64_t n = SERVICE_CALL_WAIT; n <= SERVICE_CALL_LOAD; n++)
		CHECK(call(&p, n, 0, USER(0), 1) < 0);
}

/* Four quarters of the patience from one wait to the next. */
static enum process_stop unhurried(struct process *p)
{
	p->user_tsc += SERVICE_PATIENCE_NS / 4;
	return p->user_tsc / (SERVICE_PATIENCE_NS / 4) % 2 ? PROCESS_PREEMPTED : echo(p);
}

/* As slow as the other, but a request is always there when it asks: it never waits. */
static enum process_stop in_demand(struct process *p)
{
	enum process_stop stop = unhurried(p);

	if (stop == PROCESS_ANSWERED && p->user_tsc < 4 * SERVICE_PATIENCE_NS)
		CHECK(service_submit(&service, &request));
	return stop;
}

/* Fetches the request and never ends. */
static enum process_stop endless(struct process *p)
{
	call(p, SERVICE_CALL_WAIT, USER(0), 0, 0);
	p->user_tsc += SERVICE_PATIENCE_NS / 10;
	return PROCESS_PREEMPTED;
}

TEST(who_never_answers_dies)
{
	setup(unhurried);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(service_submit(&service, &request));
		CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
		CHECK_EQ(request.status, SERVICE_OK);
	}
	CHECK_EQ(service.restarts, 0);
	teardown();
	setup(in_demand);
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	CHECK_EQ(service.restarts, 0);
	teardown();
	setup(endless);
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_LOST);
	CHECK_EQ(service.restarts, 1);
	program = echo;
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
}

/* ---- blobs ---- */

static enum process_stop blobs(struct process *p)
{
	memset(user_memory, 0x11, SERVICE_BLOB_MAX);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 1, USER(0), SERVICE_BLOB_MAX), 0);
	memset(user_memory, 0x22, 16);
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 1, USER(0), 16), 0); /* replaces */
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 3, USER(8), 16), 0);
	no_memory = true;
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 1, USER(20), 30), -ENOMEM); /* keeps */
	no_memory = false;
	CHECK_EQ(call(p, SERVICE_CALL_STORE, 1, USER(sizeof(user_memory) - 1), 30), -EFAULT);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 1, USER(0x100), 15), -ENOMEM);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 1, 0, 16), -EFAULT);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 1, USER(0x100), 4096), 16);
	CHECK_MEM(user_memory + 0x100, user_memory, 16);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 3, USER(0x200), 16), 16);
	CHECK_EQ(user_memory[0x200], 0x22);
	CHECK_EQ(user_memory[0x208], 0x11);
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 0, USER(0x200), 16), -ENOENT);
	return PROCESS_FAULTED;
}

static enum process_stop blobs_again(struct process *p)
{
	CHECK_EQ(call(p, SERVICE_CALL_LOAD, 1, USER(0x300), 4096), 16);
	CHECK_EQ(user_memory[0x30f], 0x22);
	return echo(p);
}

TEST(blobs_outlive_the_process)
{
	setup(blobs);
	service.restarts = SERVICE_RESTARTS_MAX - 1; /* or it is started again at once */
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_LOST);
	CHECK_EQ(allocated, 32);
	service.restarts = 1;
	program = blobs_again;
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
}

/* ---- deaths ---- */

static enum process_stop dies_with_it(struct process *p)
{
	call(p, SERVICE_CALL_WAIT, USER(0), 0, 0);
	return then == SYSCALL_AGAIN ? PROCESS_WAITS : PROCESS_FAULTED;
}

static enum process_stop dies_at_once(struct process *p)
{
	(void)p;
	return PROCESS_FAULTED;
}

TEST(a_fetched_request_dies_with_the_service)
{
	setup(dies_with_it);
	for (unsigned i = 1; i <= 3; i++) {
		CHECK(service_submit(&service, &request));
		CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
		CHECK_EQ(request.status, SERVICE_LOST);
		CHECK_EQ(request.out_len, 0);
		CHECK_EQ(service.restarts, i);
	}
	program = echo;
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
}

TEST(a_request_that_was_not_fetched_is_for_the_next)
{
	setup(dies_at_once);
	CHECK(service_submit(&service, &request));
	the_step(the_arg);
	CHECK_EQ(service.restarts, 1);
	CHECK(!request.done);
	program = echo;
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
}

TEST(at_last_it_stays_dead)
{
	setup(dies_at_once);
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_LOST);
	CHECK_EQ(created, SERVICE_RESTARTS_MAX);
	program = echo;
	wakes = 0;
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE); /* at once */
	CHECK_EQ(request.status, SERVICE_LOST);
	service_kill(&service);
	CHECK_EQ(wakes, 0);
	CHECK_EQ(created, SERVICE_RESTARTS_MAX);
	teardown();
}

TEST(a_service_that_cannot_be_started_loses_the_request_and_may_try_again)
{
	setup(NULL);
	for (unsigned i = 1; i <= 2; i++) {
		CHECK(service_submit(&service, &request));
		CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
		CHECK_EQ(request.status, SERVICE_LOST);
		CHECK_EQ(service.restarts, i);
	}
	program = echo;
	no_memory = true;
	CHECK(service_submit(&service, &request)); /* the task is there already */
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
	setup(echo);
	no_memory = true;
	CHECK(service_submit(&service, &request)); /* no task */
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_LOST);
	no_memory = false;
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
}

static unsigned turns;
static enum process_stop slow(struct process *p)
{
	if (++turns % 4)
		return PROCESS_PREEMPTED;
	return echo(p);
}

TEST(a_kill_comes_as_a_fault)
{
	setup(echo);
	service_kill(&service); /* the service never ran: it is started, to be killed */
	CHECK_EQ(created, 1);
	CHECK_EQ(destroyed, 1);
	CHECK_EQ(service.restarts, 1);
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	service_kill(&service); /* the service waits for a request */
	CHECK_EQ(service.restarts, 2);
	program = slow;
	turns = 0;
	CHECK(service_submit(&service, &request));
	the_step(the_arg); /* preempted with no request fetched */
	service_kill(&service);
	CHECK_EQ(service.restarts, 3);
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(request.status, SERVICE_OK);
	teardown();
}

/* ---- its end, and copies ---- */

static struct service other_service;

static bool fill_five(void *to, uint64_t from, size_t len)
{
	(void)from;
	memcpy(to, "12345", len);
	return true;
}

TEST(a_service_that_retires_gives_everything_back)
{
	size_t before;

	setup(echo);
	before = allocated;
	CHECK(service_submit(&service, &request));
	CHECK_EQ(service_run(&service, &request, 1, true), SCHED_DONE);
	CHECK_EQ(service_blob_copy(&other_service, &service, 0), SYS_EINVAL); /* nothing there */
	CHECK_EQ(service_blob_replace(&service, 0, 5, fill_five, 0), 0);
	CHECK_EQ(service_blob_copy(&other_service, &service, 0), 0);
	CHECK_EQ(other_service.blob[0].len, 5);
	CHECK_MEM(other_service.blob[0].data, "12345", 5);
	CHECK_EQ(service_blob_copy(&other_service, &service, SERVICE_SLOTS), SYS_EINVAL);
	wakes = 0;
	service_retire(&service);
	CHECK_EQ(wakes, 1);
	CHECK_EQ(destroyed, 0); /* by the task, whose CPU may be in the process now */
	CHECK_EQ(the_step(the_arg), STEP_WAITS);
	CHECK_EQ(destroyed, 1);
	CHECK_EQ(service.restarts, 0);
	CHECK(!service.process && !service.blob[0].data);
	service_retire(&other_service); /* never started: there is no task */
	alloc_free(other_service.blob[0].data, 5);
	CHECK_EQ(allocated, before);
	memset(&other_service, 0, sizeof(other_service));
	teardown();
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * process_run: why a process comes back from ring 3, and which time counts as its own. Ring 3 is a
 * function here, which leaves a vector.
 *
 * sources: svsm/user/process_run.c
 */
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include "base/x86.h"
#include "tests/native/check.h"
#include "user/usermode.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/failstop.h"
#include "cpu/trap/hv.h"
#include "cpu/timer.h"
#include "user/console.h"
#include "user/emulate.h"
#include "user/elf.h"
#include "user/report.h"
#include "user/syscall.h"
#include "user/process_run.h"

#define RIP 0x400002

static uint64_t vector, away, most; /* ticks in ring 3, ticks of a second */
static enum syscall_then then;
static unsigned interrupts, reports, entries;
static uint32_t panics; /* the CPU + 1 that does so during the next system call */

/* ---- what process_run.c expects ---- */

uint32_t hv_used;
static uint32_t signals;      /* hv_count() */
static unsigned rings;        /* #HVs to come in ring 3 before `vector` */
static bool rings_on_the_way; /* one comes before the first entry is done */
static uint8_t pending[2];    /* vectors in the doorbell page, one after the other */
static bool spoilt;           /* somebody writes the first one there all the time */

const uint32_t *hv_count(void)
{
	return &signals;
}

uint8_t hv_take(void)
{
	uint8_t v = pending[0];

	if (spoilt)
		return v;
	pending[0] = pending[1];
	pending[1] = 0;
	return v;
}

bool user_enter(struct user_regs *r, const uint32_t *count, uint32_t seen)
{
	uint64_t start = rdtsc();

	CHECK(count == &signals);
	signals += rings_on_the_way;
	rings_on_the_way = false;
	if (*count != seen)
		return false;
	if (++entries > 1 && panics)
		then = SYSCALL_EXIT; /* or it would never end */
	r->vector = rings ? VEC_HV : vector;
	signals += rings > 0;
	rings -= rings > 0;
	while (rdtsc() - start < away)
		;
	return true;
}

void usermode_load(struct process *p)
{
	(void)p;
}

void usermode_store(struct process *p)
{
	(void)p;
}

void usermode_fpu_init(uint8_t *fpu)
{
	(void)fpu;
}

enum syscall_then syscall_serve(struct process *p, uint64_t number, struct syscall_args *args)
{
	(void)p;
	(void)number;
	args->result = 7;
	failstop_by = panics;
	return then;
}

void syscall_init(void)
{
}

bool emulate_vc(struct process *p)
{
	(void)p;
	return false;
}

void console_flush(struct process *p)
{
	(void)p;
}

void report_fault(struct process *p)
{
	(void)p;
	reports++;
}

static bool early; /* interrupts come before the turn's end */

bool timer_interrupt(void)
{
	interrupts++;
	return !early;
}

static unsigned over_after; /* system calls until the turn's end; 0: it does not come */

bool timer_over(void)
{
	return over_after && !--over_after;
}

uint64_t timer_ticks(uint64_t ns)
{
	CHECK_EQ(ns, 1000000000);
	return most;
}

bool space_create(struct space *s, size_t limit)
{
	(void)s;
	(void)limit;
	return false;
}

void space_destroy(struct space *s)
{
	(void)s;
}

const char *elf_load(struct space *s, const void *file, size_t size, struct elf_program *out)
{
	(void)s;
	(void)file;
	(void)size;
	(void)out;
	return "not here";
}

const char *elf_stack(struct space *s, const char *name, const struct elf_program *prog,
		      uint64_t *rsp)
{
	(void)s;
	(void)name;
	(void)prog;
	(void)rsp;
	return "not here";
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

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* ---- */

static struct process p;

static enum process_stop run(uint64_t with)
{
	p.regs.rip = RIP;
	vector = with;
	interrupts = reports = 0;
	entries = 0;
	return process_run(&p);
}

TEST(what_stops_it)
{
	away = 0;
	most = ~0ull;
	then = SYSCALL_AGAIN;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_WAITS);
	CHECK_EQ(p.regs.rip, RIP - 2); /* the same call again */
	then = SYSCALL_ANSWERED;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_ANSWERED);
	CHECK_EQ(p.regs.rax, 7);
	then = SYSCALL_EXIT;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_EXITED);
	then = SYSCALL_FAULT;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_FAULTED);
	CHECK_EQ(reports, 1);
	for (unsigned v = 0; v < 256; v++) {
		check_context("vector %u", v);
		CHECK_EQ(run(v), v < 32 ? PROCESS_FAULTED : PROCESS_PREEMPTED);
		CHECK_EQ(interrupts, v >= 32);
		CHECK_EQ(reports, v < 32);
	}
}

/* docs/host-answers.md: without an interrupt the clock ends the turn, at a system call. */
TEST(a_turn_without_a_timer_ends_at_a_system_call)
{
	away = 0;
	most = ~0ull;
	then = SYSCALL_RESUME;
	over_after = 3;
	p.regs.rax = 0;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_PREEMPTED);
	CHECK_EQ(over_after, 0);
	CHECK_EQ(p.regs.rax, 7); /* it has its result */
	CHECK_EQ(interrupts + reports, 0);
	then = SYSCALL_AGAIN;
	over_after = 1;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_WAITS);
	over_after = 0;
}

/* cpu/trap/hv.h: #HV is no exception of the process; what counts is the page. */
TEST(interrupts_by_hv)
{
	away = 0;
	most = ~0ull;
	then = SYSCALL_EXIT;
	hv_used = 1;
	check_context("before ring 3");
	pending[0] = TIMER_VECTOR;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_PREEMPTED);
	CHECK_EQ(entries, 0);
	CHECK_EQ(interrupts, 1);
	check_context("in ring 3, without an interrupt");
	rings = 3;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_EXITED);
	CHECK_EQ(entries, 4);
	CHECK_EQ(interrupts, 0);
	check_context("between the look and the entry");
	rings_on_the_way = true;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_EXITED);
	CHECK_EQ(entries, 1);
	check_context("for ever");
	rings = ~0u;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_PREEMPTED);
	CHECK_EQ(interrupts, 0);
	CHECK_EQ(reports, 0);
	rings = 0;
	check_context("any vector");
	for (unsigned v = 1; v < 256; v++) {
		pending[0] = (uint8_t)v;
		CHECK_EQ(run(USER_SYSCALL), PROCESS_PREEMPTED);
		CHECK_EQ(interrupts, 1);
	}
	hv_used = 0;
	check_context("not expected");
	CHECK_EQ(run(VEC_HV), PROCESS_FAULTED);
}

/* Every vCPU of the guest can write the page, at any rate. A turn ends by its time alone. */
TEST(a_forged_interrupt_does_not_keep_ring_3_out)
{
	away = 0;
	most = ~0ull;
	then = SYSCALL_EXIT;
	hv_used = 1;
	spoilt = early = true;
	pending[0] = TIMER_VECTOR;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_EXITED);
	CHECK_EQ(entries, 1);
	CHECK_EQ(interrupts, 1);
	check_context("behind the end");
	early = false;
	CHECK_EQ(run(USER_SYSCALL), PROCESS_PREEMPTED);
	CHECK_EQ(entries, 0);
	spoilt = false;
	pending[0] = 0;
	hv_used = 0;
}

/* A host that stops the machine for an hour has not let the process compute for an hour: it would
 * be ended as one that hangs (user/service/service.c). */
TEST(time_that_stood_still_is_not_its_own)
{
	p.user_tsc = 0;
	away = 100000;
	most = ~0ull;
	run(TIMER_VECTOR);
	CHECK(p.user_tsc >= away);
	p.user_tsc = 5;
	most = 1000;
	run(TIMER_VECTOR);
	CHECK_EQ(p.user_tsc, 1005);
}

static jmp_buf stopped_here;

void failstop_stop(void)
{
	longjmp(stopped_here, 1);
}

/* Another CPU panics during the system call, whose result would let ring 3 go on. */
TEST(ring_3_is_not_entered_after_a_panic_elsewhere)
{
	volatile bool stops = false;

	entries = 0;
	then = SYSCALL_RESUME;
	panics = 2;
	if (!setjmp(stopped_here))
		run(USER_SYSCALL);
	else
		stops = true;
	failstop_by = panics = 0;
	CHECK(stops);
	CHECK_EQ(entries, 1);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "user/service/service.h"
#include "mm/alloc.h"
#include "lib/lock.h"
#include "log/log.h"
#include "cpu/timer.h"
#include "user/process_run.h"

/* ---- requests ---- */

static void finish(struct service_request *r, uint32_t status, uint32_t out_len)
{
	r->status = status;
	r->out_len = out_len;
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE); /* from here on it is the submitter's */
}

void service_finish(struct service *s, uint32_t status, uint32_t out_len)
{
	lock_take(LOCK_SERVICE, &s->lock);
	finish(s->request, status, out_len);
	s->request = NULL;
	s->taken = false;
	lock_give(LOCK_SERVICE, &s->lock);
}

/* Does anybody wait, or only for a process that has not fetched the request yet? */
static bool waiting(struct service *s, bool taken_only)
{
	bool any;

	lock_take(LOCK_SERVICE, &s->lock);
	any = s->request && (s->taken || !taken_only);
	lock_give(LOCK_SERVICE, &s->lock);
	return any;
}

/* ---- life and death; the task's step only ---- */

static bool start(struct service *s)
{
	s->process = process_create(s->name, s->elf, s->elf_end - s->elf, s->page_limit);
	if (!s->process)
		return false;
	s->process->service = s;
	s->rested = 0;
	return true;
}

static bool dead(const struct service *s)
{
	return READ_ONCE(s->restarts) >= SERVICE_RESTARTS_MAX;
}

static void die(struct service *s, const char *how)
{
	size_t pages = s->process ? s->process->space.pages : 0;

	if (s->process)
		process_destroy(s->process);
	s->process = NULL;
	WRITE_ONCE(s->restarts, s->restarts + 1);
	log_error("%s: %s; %lu of %lu pages, death %u of %u", s->name, how, pages, s->page_limit,
		  s->restarts, SERVICE_RESTARTS_MAX);
	if (waiting(s, !dead(s)))
		service_finish(s, SERVICE_LOST, 0);
}

static void apply_kill(struct service *s)
{
	if (__atomic_exchange_n(&s->kill, false, __ATOMIC_ACQUIRE))
		s->process->regs.rip = 0; /* below USER_BASE: never mapped */
}

/* So long on a CPU without asking for another request: it never will. */
static bool hangs(const struct service *s)
{
	return timer_ns(s->process->user_tsc - s->rested) > SERVICE_PATIENCE_NS;
}

static enum sched_step run(struct service *s)
{
	enum process_stop stop;

	apply_kill(s);
	do {
		stop = process_run(s->process);
	} while (stop == PROCESS_ANSWERED); /* up to where it waits, or the slice ends */
	switch (stop) {
	case PROCESS_WAITS:
		return STEP_WAITS;
	case PROCESS_PREEMPTED:
		if (!hangs(s))
			return STEP_MORE;
		die(s, "it does not come to an end");
		break;
	case PROCESS_EXITED:
		die(s, "it ended");
		break;
	default:
		die(s, "it faulted");
	}
	return waiting(s, false) ? STEP_MORE : STEP_WAITS;
}

static enum sched_step step(void *arg)
{
	struct service *s = arg;

	if (s->process || (!dead(s) && start(s)))
		return run(s);
	if (!dead(s))
		die(s, "it cannot be started");
	if (waiting(s, false))
		service_finish(s, SERVICE_LOST, 0);
	return STEP_WAITS;
}

/* ---- for the protocols ---- */

/* Lock held. */
static bool have_task(struct service *s)
{
	if (!s->task)
		s->task = sched_task_new(step, s);
	return s->task;
}

bool service_submit(struct service *s, struct service_request *r)
{
	bool mine, ready;

	lock_take(LOCK_SERVICE, &s->lock);
	mine = !s->request;
	ready = mine && !dead(s) && have_task(s);
	if (ready) {
		r->done = false;
		s->request = r;
	} else if (mine) {
		finish(r, SERVICE_LOST, 0);
	}
	lock_give(LOCK_SERVICE, &s->lock);
	if (ready)
		sched_wake(s->task);
	return mine;
}

enum sched_end service_run(struct service *s, struct service_request *r, uint64_t slice_ns,
			   bool wait)
{
	if (__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
		return SCHED_DONE; /* there may be no task */
	return sched_run(s->task, &r->done, slice_ns, wait);
}

void service_kill(struct service *s)
{
	static const bool never;
	bool ready;

	lock_take(LOCK_SERVICE, &s->lock);
	ready = !dead(s) && have_task(s);
	lock_give(LOCK_SERVICE, &s->lock);
	if (!ready)
		return;
	__atomic_store_n(&s->kill, true, __ATOMIC_RELEASE);
	sched_wake(s->task);
	sched_run(s->task, &never, SCHED_TURN_NS, false);
}

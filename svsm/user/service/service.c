/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The life of a service: it is started for its first request, gets one request at a time, is ended
 * when it hangs, and is started anew after it died. The protocols submit requests, task/sched.c
 * runs step() on some CPU. Whatever the program does, every submitted request must become done,
 * and nothing here may panic.
 */
#include "user/service/service.h"
#include "mm/alloc.h"
#include "lib/lock.h"
#include "log/log.h"
#include "cpu/timer.h"
#include "user/process_run.h"

/* ---- requests ---- */

/* Marks a request as done. The release is the last access: from here on the request belongs to its
 * submitter again. */
static void finish(struct service_request *r, uint32_t status, uint32_t out_len)
{
	r->status = status;
	r->out_len = out_len;
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE); /* r is the submitter's now */
}

void service_finish(struct service *s, uint32_t status, uint32_t out_len)
{
	lock_take(LOCK_SERVICE, &s->lock);
	finish(s->request, status, out_len);
	s->request = NULL;
	s->taken = false;
	lock_give(LOCK_SERVICE, &s->lock);
}

/* Is a request submitted and not done? With taken_only only one that the process has fetched
 * counts. */
static bool waiting(struct service *s, bool taken_only)
{
	bool any;

	lock_take(LOCK_SERVICE, &s->lock);
	any = s->request && (s->taken || !taken_only);
	lock_give(LOCK_SERVICE, &s->lock);
	return any;
}

/* ---- life and death: called from step() only, so on one CPU at a time ---- */

/* Creates the process anew. Its stored blobs are in struct service and survived. */
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

/* Ends the process. A request that it has fetched is lost with it. One that it has not fetched
 * stays, for the next start, unless there will be none. */
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

/* The next instruction then faults like any bad jump, so a kill takes the same path as a real
 * fault. */
static void apply_kill(struct service *s)
{
	if (__atomic_exchange_n(&s->kill, false, __ATOMIC_ACQUIRE))
		s->process->regs.rip = 0; /* below USER_BASE: never mapped */
}

/* True when the process has used SERVICE_PATIENCE_NS of a CPU since it last asked for a request.
 * By then it will not ask for another one: an endless loop, in the program or in a library. */
static bool hangs(const struct service *s)
{
	return timer_ns(s->process->user_tsc - s->rested) > SERVICE_PATIENCE_NS;
}

/* Runs the process until it waits, is interrupted, or ends. An answer does not end the loop: the
 * process then comes to its SERVICE_CALL_WAIT within the same turn, ready for the next request. */
static enum sched_step run(struct service *s)
{
	enum process_stop stop;

	apply_kill(s);
	do {
		stop = process_run(s->process);
	} while (stop == PROCESS_ANSWERED); /* until it waits or the turn ends */
	switch (stop) {
	case PROCESS_WAITS:
		return STEP_WAITS;
	case PROCESS_PREEMPTED:
		if (!hangs(s))
			return STEP_MORE;
		die(s, "ended, because it hangs");
		break;
	case PROCESS_EXITED:
		die(s, "exited");
		break;
	default:
		die(s, "faulted");
	}
	return waiting(s, false) ? STEP_MORE : STEP_WAITS;
}

static enum sched_step retire(struct service *s)
{
	if (s->process)
		process_destroy(s->process);
	s->process = NULL;
	for (unsigned i = 0; i < SERVICE_SLOTS; i++) {
		if (s->blob[i].data)
			alloc_free(s->blob[i].data, s->blob[i].len);
		s->blob[i].data = NULL;
	}
	return STEP_WAITS;
}

/* The task's step function (task/task.h). A service that is not there is started first; one that
 * has died too often loses every request at once. */
static enum sched_step step(void *arg)
{
	struct service *s = arg;

	if (__atomic_load_n(&s->retired, __ATOMIC_ACQUIRE))
		return retire(s);
	if (s->process || (!dead(s) && start(s)))
		return run(s);
	if (!dead(s))
		die(s, "could not be started");
	if (waiting(s, false))
		service_finish(s, SERVICE_LOST, 0);
	return STEP_WAITS;
}

/* ---- for the protocols ---- */

/* Lock held. The task is made on first use and never freed. False: no memory. */
static bool have_task(struct service *s)
{
	if (!s->task)
		s->task = sched_task_new(step, s);
	return s->task;
}

/* When the service is dead, or there is no memory for its task, the request is done and lost at
 * once. That counts as submitted. */
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
		return SCHED_DONE; /* done before it began (SERVICE_LOST): there may be no task */
	return sched_run(s->task, &r->done, slice_ns, wait);
}

/* Lends one turn, so that a service that waits comes to its next instruction. */
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

void service_retire(struct service *s)
{
	__atomic_store_n(&s->retired, true, __ATOMIC_RELEASE);
	if (s->task)
		sched_wake(s->task);
}

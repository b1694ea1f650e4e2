/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The calls of the attestation protocol. dispatch.c calls handle(), with no lock held. One report
 * is made at a time, for whoever asks for the same one:
 *
 *	        begin                 keys known             processor, service        collected, or
 *dropped FREE ------> the manifest ------------> the report --------------> ANSWERED
 *----------------> FREE
 *
 * A call that asks for another one waits until that is done. A report that is under way goes on
 * without its client (attest_channel.h), and a client that has not come for PACE_KEEP does not get
 * in the way: its manifest or its answer is dropped.
 *
 * A call keeps its vCPU for PACE_FIRST, as a TPM command does, and is INCOMPLETE then; calls that
 * follow each other wait for the processor for ATTEST_LIMIT_MS in all. Keys take the time that the
 * vTPM's program needs on a CPU, which user/service/service.h bounds. LOCK_ATTEST is not held while
 * a CPU is lent, so after each step a call reads its operation and looks at everything again.
 */
#include "protocols/attest/attest.h"
#include "abi/attest.h"
#include "abi/service.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "lib/patience.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "protocols/attest/attest_ahead.h"
#include "protocols/attest/attest_channel.h"
#include "protocols/early_report.h"
#include "protocols/attest/attest_lock.h"
#include "protocols/attest/attest_operation.h"
#include "protocols/dispatch.h"
#include "protocols/vtpm_pace.h"
#include "user/service/service.h"

struct spinlock attest_spinlock;

void attest_wait(uint64_t ns)
{
	static struct service_request never;

	attest_unlock();
	service_run(&vtpm_service, &never, ns, true);
	attest_lock();
}

_Static_assert(ATTEST_MANIFEST_MAX + ATTEST_NONCE <= ATTEST_DATA_MAX, "");

static struct {
	enum {
		JOB_FREE,
		JOB_MANIFEST,
		JOB_REPORT
	} state;
	uint64_t seen; /* uptime: its client was here */
	/* Of the job, and of the call that looks at it; made by the first call. */
	struct attest_request *now, *asked;
} job;

/* A call that was INCOMPLETE on this CPU, and how long it may still wait for the processor. */
struct attest_caller {
	bool waits;
	uint32_t number;
	uint64_t rcx;
	struct patience limit; /* in ns; */
	struct patience all;   /* with the time that keys take */
};
static PERCPU struct attest_caller caller;

/* ---- the job; lock held ---- */

static bool have_memory(void)
{
	if (!job.now)
		job.now = alloc(sizeof(*job.now));
	if (!job.asked)
		job.asked = alloc(sizeof(*job.asked));
	return job.now && job.asked;
}

static bool same(void)
{
	const struct attest_request *a = job.now, *b = job.asked;

	return job.state != JOB_FREE && a->manifest == b->manifest &&
	       !a->op.certificates.size == !b->op.certificates.size &&
	       memcmp(a->nonce, b->nonce, sizeof(a->nonce)) == 0;
}

static bool answered(void)
{
	return attest_channel_state() == ATTEST_CHANNEL_ANSWERED;
}

static bool may_begin(void)
{
	return job.state == JOB_FREE || ((job.state == JOB_MANIFEST || answered()) &&
					 timer_uptime_ns() - job.seen >= PACE_KEEP);
}

static void forget(void)
{
	if (job.state == JOB_REPORT && answered())
		attest_channel_forget();
	job.state = JOB_FREE;
}

static void begin(void)
{
	struct attest_request *before = job.now;

	forget();
	job.now = job.asked;
	job.asked = before;
	job.state = JOB_MANIFEST;
	attest_manifest_begin(job.now->manifest);
}

/* ---- the call that the job is for; lock held. INCOMPLETE: it goes on ---- */

static struct attest_answer answer(void)
{
	struct attest_answer a = {.report_size = sizeof(struct attestation_report)};

	a.manifest = attest_manifest_data(&a.manifest_size);
	if (job.state != JOB_REPORT)
		return a;
	a.report = attest_channel_report();
	a.certificates_size = attest_channel_certificates(&a.certificates);
	a.certificates_known = true;
	return a;
}

/* The manifest is there. The processor is not asked before the rest of the answer fits. */
static enum svsm_result report_begin(struct svsm_call *call, uint64_t ns)
{
	const struct attest_request *r = job.now;
	struct attest_answer a = answer();

	if (!attest_operation_fits(r, &a, call)) {
		forget();
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (attest_early_drain(ns))
		return SVSM_ERR_INCOMPLETE;
	if (attest_channel_state() == ATTEST_CHANNEL_LOST ||
	    !attest_channel_begin(r->nonce, sizeof(r->nonce), a.manifest, a.manifest_size,
				  r->op.certificates.size)) {
		forget();
		return SVSM_ERR_ATTEST_NO_REPORT;
	}
	job.state = JOB_REPORT;
	return SVSM_ERR_INCOMPLETE;
}

/* What does not fit, or cannot be written, is kept: the same call again collects it. */
static enum svsm_result collect(struct svsm_call *call)
{
	struct attest_answer a = answer();
	enum svsm_result rax = SVSM_ERR_ATTEST_NO_REPORT;

	if (a.report) {
		if (!attest_operation_fits(job.now, &a, call))
			return SVSM_ERR_INVALID_PARAMETER;
		if (!a.certificates)
			a.certificates_size = 0; /* the guest has room, and the SVSM has none */
		rax = attest_operation_write(job.now, &a);
		if (rax != SVSM_SUCCESS)
			return rax;
		call->rcx = a.manifest_size;
		call->rdx = a.certificates_size;
		call->r8 = a.report_size;
	}
	forget();
	return rax;
}

static enum svsm_result manifest_step(struct svsm_call *call, uint64_t ns)
{
	switch (attest_manifest_step(ns)) {
	case ATTEST_DONE:
		return report_begin(call, ns);
	case ATTEST_FAILED:
		forget();
		return SVSM_ERR_ATTEST_NO_REPORT;
	default:
		return SVSM_ERR_INCOMPLETE;
	}
}

/* The call's own buffers may be others than those of the call that began the job. */
static enum svsm_result go_on(struct svsm_call *call, uint64_t ns)
{
	job.seen = timer_uptime_ns();
	job.now->op = job.asked->op;
	if (job.state == JOB_MANIFEST)
		return manifest_step(call, ns);
	if (answered())
		return collect(call);
	attest_channel_step(ns);
	return SVSM_ERR_INCOMPLETE;
}

/* Somebody else's job, whose client may be gone. With its manifest made it waits for that. */
static enum svsm_result wait(uint64_t ns)
{
	if (job.state != JOB_MANIFEST)
		attest_channel_step(ns);
	else if (attest_manifest_step(ns) == ATTEST_DONE)
		attest_wait(ns);
	return SVSM_ERR_INCOMPLETE;
}

/* One look at the job, and one step. */
static enum svsm_result attempt(struct svsm_call *call, uint64_t ns)
{
	enum svsm_result rax;

	if (!have_memory())
		return SVSM_ERR_ATTEST_NO_REPORT;
	rax = attest_operation_read(call, job.asked);
	if (rax != SVSM_SUCCESS)
		return rax;
	if (attest_channel_state() == ATTEST_CHANNEL_LOST)
		return SVSM_ERR_ATTEST_NO_REPORT;
	if (same())
		return go_on(call, ns);
	if (!may_begin())
		return wait(ns);
	begin();
	job.seen = timer_uptime_ns();
	return SVSM_ERR_INCOMPLETE;
}

/* ---- calls ---- */

/* Has this call, INCOMPLETE now, waited for too long? So a host that is always busy is the end of
 * the call, and not of the guest. */
static bool over(struct attest_caller *c, struct svsm_call *call)
{
	uint64_t now = timer_uptime_ns();

	if (!c->waits || c->rcx != call->rcx || c->number != call->number)
		*c = (struct attest_caller){.number = call->number,
					    .rcx = call->rcx,
					    .limit = patience_begin(PACE_MS, ATTEST_LIMIT_MS, now),
					    .all = patience_begin(PACE_MS, ATTEST_ALL_MS, now)};
	else if (job.state == JOB_MANIFEST)
		c->limit = patience_begin(PACE_MS, ATTEST_LIMIT_MS, now);
	c->waits = !patience_over(&c->limit, now) && !patience_over(&c->all, now);
	return !c->waits;
}

/* The slice ends by the clock: after a pause of the host's the same call goes on. */
static enum svsm_result call_attest(struct svsm_call *call)
{
	struct attest_caller *c = percpu_of(call->cpu, &caller);
	uint64_t now = timer_uptime_ns(), end = now + PACE_FIRST;
	enum svsm_result rax;

	attest_lock();
	do {
		rax = attempt(call, end - now);
		now = timer_uptime_ns();
	} while (rax == SVSM_ERR_INCOMPLETE && now < end);
	if (rax != SVSM_ERR_INCOMPLETE)
		c->waits = false;
	else if (over(c, call))
		rax = SVSM_ERR_ATTEST_NO_REPORT;
	attest_unlock();
	return rax;
}

static enum svsm_result handle(struct svsm_call *call)
{
	switch (call->number) {
	case SVSM_ATTEST_SERVICES:
	case SVSM_ATTEST_SINGLE_SERVICE:
		return call_attest(call);
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}

SVSM_PROTOCOL(protocol_attest) = {SVSM_PROTO_ATTEST, 1, 1, NULL, handle};

void attest_reset(void)
{
	job.state = JOB_FREE;
	attest_channel_reset();
	attest_ahead_reset();
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Not for guests that matter: a suite may take the TPM's state by it, secrets included, and put
 * another state in its place. The protocol exists only in an image whose measured launch page has
 * LAUNCH_FLAG_TEST.
 */
#include "abi/svsm.h"
#include "abi/vtpm.h"
#include "mm/alloc.h"
#include "mm/launch_area.h"
#include "user/service/service.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "protocols/buffer.h"
#include "protocols/dispatch.h"
#include "protocols/vtpm.h"

#define BLOB_MAX 0x60000
#define EK_MAX   1024

/* One vCPU at a time uses this: handle() sets `entered`. */
static struct {
	bool entered;
	bool pending; /* request was submitted and nobody has seen its end */
	struct service_request request;
	uint8_t *blob; /* BLOB_MAX bytes; NULL until it is wanted */
	uint8_t ek[EK_MAX];
} test;

static bool have_blob(void)
{
	if (!test.blob)
		test.blob = alloc(BLOB_MAX);
	return test.blob;
}

static bool is_done(void)
{
	return __atomic_load_n(&test.request.done, __ATOMIC_ACQUIRE);
}

/* Somebody has left a request behind. It goes on, and a new request waits for it. */
static bool in_the_way(void)
{
	if (test.pending && !is_done())
		service_run(&vtpm_service, &test.request, SCHED_TURN_NS, true);
	return test.pending && !is_done();
}

/* Submits r, or goes on with it when it is the request under way. */
static enum svsm_result ask(const struct service_request *r)
{
	bool same = test.request.kind == r->kind && test.request.arg == r->arg &&
		    test.request.in_len == r->in_len;

	if (!same && in_the_way())
		return SVSM_ERR_BUSY;
	if (!test.pending || !same) {
		test.request = *r;
		test.pending = service_submit(&vtpm_service, &test.request);
		if (!test.pending)
			return SVSM_ERR_BUSY;
	}
	service_run(&vtpm_service, &test.request, SCHED_TURN_NS, true);
	if (!is_done())
		return SVSM_ERR_INCOMPLETE;
	test.pending = false;
	return test.request.status == SERVICE_OK ? SVSM_SUCCESS : SVSM_ERR_INVALID_REQUEST;
}

static enum svsm_result save(struct svsm_call *call)
{
	enum svsm_result rax;

	if (!have_blob())
		return SVSM_ERR_BUSY;
	rax = ask(&(struct service_request){
		.kind = VTPM_REQ_SAVE, .out = test.blob, .out_room = BLOB_MAX});
	if (rax == SVSM_SUCCESS)
		call->rcx = test.request.out_len;
	return rax;
}

/* The part of the blob from RDX, at most `most` bytes; NULL: nothing there. */
static uint8_t *part(const struct svsm_call *call, uint64_t most, size_t *len)
{
	if (!have_blob() || call->rdx >= BLOB_MAX)
		return NULL;
	*len = MIN(MIN(most, PAGE_SIZE), BLOB_MAX - call->rdx);
	return test.blob + call->rdx;
}

static enum svsm_result get(struct svsm_call *call)
{
	size_t len;
	const uint8_t *from = part(call, PAGE_SIZE, &len);

	if (!from)
		return SVSM_ERR_INVALID_PARAMETER;
	if (!buffer_out(gpa(call->rcx), from, len))
		return SVSM_ERR_INVALID_ADDRESS;
	call->rcx = len;
	return SVSM_SUCCESS;
}

static enum svsm_result put(struct svsm_call *call)
{
	size_t len;
	uint8_t *to = part(call, call->r8, &len);

	if (in_the_way()) /* the service may read the blob */
		return SVSM_ERR_BUSY;
	if (!to || len != call->r8)
		return SVSM_ERR_INVALID_PARAMETER;
	return buffer_in(to, gpa(call->rcx), len) ? SVSM_SUCCESS : SVSM_ERR_INVALID_ADDRESS;
}

static enum svsm_result load(const struct svsm_call *call)
{
	enum svsm_result rax;

	if (!have_blob() || call->rcx > BLOB_MAX)
		return SVSM_ERR_INVALID_PARAMETER;
	rax = ask(&(struct service_request){
		.kind = VTPM_REQ_RESTORE, .in = test.blob, .in_len = (uint32_t)call->rcx});
	if (rax == SVSM_SUCCESS)
		vtpm_forget();
	return rax;
}

static enum svsm_result reset(void)
{
	enum svsm_result rax = ask(&(struct service_request){.kind = VTPM_REQ_RESET});

	if (rax == SVSM_SUCCESS)
		vtpm_forget();
	return rax;
}

static enum svsm_result ek(struct svsm_call *call)
{
	enum svsm_result rax;

	if (call->rdx > UINT32_MAX)
		return SVSM_ERR_INVALID_PARAMETER;
	rax = ask(&(struct service_request){.kind = VTPM_REQ_KEY,
					    .arg = (uint32_t)call->rdx,
					    .out = test.ek,
					    .out_room = sizeof(test.ek)});
	if (rax != SVSM_SUCCESS)
		return rax;
	if (!buffer_out(gpa(call->rcx), test.ek, test.request.out_len))
		return SVSM_ERR_INVALID_ADDRESS;
	call->rcx = test.request.out_len;
	return SVSM_SUCCESS;
}

static enum svsm_result stats(struct svsm_call *call)
{
	struct vtpm_stats s = vtpm_stats();

	call->rcx = s.calls;
	call->rdx = s.retries;
	call->r8 = timer_ns(s.longest);
	call->r9 = READ_ONCE(vtpm_service.restarts);
	return SVSM_SUCCESS;
}

/* What a guest could find out by looking for it, and then write to. */
static enum svsm_result host_page(struct svsm_call *call)
{
	const struct cpu *c = call->rcx < PERCPU_MAX ? percpu_get((unsigned)call->rcx) : NULL;

	if (!c)
		return SVSM_ERR_INVALID_PARAMETER;
	call->rcx = c->host_page.v;
	return SVSM_SUCCESS;
}

static enum svsm_result serve(struct svsm_call *call)
{
	switch (call->number) {
	case SVSM_TEST_VTPM_SAVE:
		return save(call);
	case SVSM_TEST_VTPM_GET:
		return get(call);
	case SVSM_TEST_VTPM_PUT:
		return put(call);
	case SVSM_TEST_VTPM_LOAD:
		return load(call);
	case SVSM_TEST_VTPM_RESET:
		return reset();
	case SVSM_TEST_VTPM_KILL:
		service_kill(&vtpm_service);
		return SVSM_SUCCESS;
	case SVSM_TEST_VTPM_EK:
		return ek(call);
	case SVSM_TEST_STATS:
		return stats(call);
	case SVSM_TEST_HOST_PAGE:
		return host_page(call);
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}

static enum svsm_result handle(struct svsm_call *call)
{
	enum svsm_result rax;

	if (__atomic_exchange_n(&test.entered, true, __ATOMIC_ACQUIRE))
		return SVSM_ERR_BUSY;
	rax = serve(call);
	__atomic_store_n(&test.entered, false, __ATOMIC_RELEASE);
	return rax;
}

static bool present(void)
{
	return launch_info.flags & LAUNCH_FLAG_TEST;
}

SVSM_PROTOCOL(protocol_test) = {SVSM_PROTO_TEST, 1, 1, present, handle};

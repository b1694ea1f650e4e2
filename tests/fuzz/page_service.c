/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* The service behind the page fuzzer: it answers rightly, wrongly or not at all, as an input says.
 */
#include <string.h>
#include "abi/vtpm.h"
#include "tests/fuzz/fuzz.h"
#include "cpu/timer.h"
#include "lib/crc32.h"
#include "tests/fuzz/page_service.h"

struct page_service page_service;
struct service vtpm_service;
static struct service_request *request;

bool page_service_busy(void)
{
	return request != NULL;
}

static void finish(uint32_t status, uint32_t len)
{
	request->status = status;
	request->out_len = len;
	request->done = true;
	request = NULL;
}

void page_service_answer(void)
{
	struct {
		struct tpm_header head;
		struct page_echo echo;
	} PACKED a = {
		.head = {__builtin_bswap16(TPM_ST_NO_SESSIONS), __builtin_bswap32(sizeof(a)), 0},
		.echo = {++page_service.serials, request->arg, request->in_len,
			 crc32_update(0, request->in, request->in_len)},
	};

	memcpy(request->out, &a, sizeof(a));
	finish(SERVICE_OK, sizeof(a));
}

void page_service_misanswer(uint32_t status, uint32_t len)
{
	memset(request->out, 0xa5, request->out_room);
	finish(status, len);
}

bool service_submit(struct service *s, struct service_request *r)
{
	FUZZ_CHECK(s == &vtpm_service && r->kind == VTPM_REQ_COMMAND);
	FUZZ_CHECK(r->arg <= 4 && r->in_len <= VTPM_REQUEST_MAX);
	FUZZ_CHECK(r->out_room <= VTPM_RESPONSE_MAX);
	if (request)
		return false;
	r->done = false;
	request = r;
	return true;
}

enum sched_end service_run(struct service *s, struct service_request *r, uint64_t slice_ns,
			   bool wait)
{
	void (*meanwhile)(void) = page_service.meanwhile;

	(void)s;
	(void)wait;
	page_service.meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	page_service.now += r->done ? 0 : slice_ns;
	if (!r->done && page_service.quick && request == r)
		page_service_answer();
	return r->done ? SCHED_DONE : SCHED_SLICE;
}

/* No boot is begun here: the first command finds the service as it is. */
void sched_hand_over(void)
{
}

void sched_wake_spare(void)
{
}

bool sched_has_spare_cpu(void)
{
	return page_service.helper;
}

uint64_t timer_uptime_ns(void)
{
	return page_service.now;
}

uint64_t timer_now(void)
{
	return page_service.now;
}

/* No launch of these asks for a state. */
int service_blob_replace(struct service *s, uint32_t slot, uint32_t len,
			 bool (*fill)(void *to, uint64_t from, size_t len), uint64_t from)
{
	(void)s;
	(void)slot;
	(void)len;
	(void)fill;
	(void)from;
	return -1;
}

bool service_blob_read(struct service *s, uint32_t slot, void *to, uint32_t len)
{
	(void)s;
	(void)slot;
	(void)to;
	(void)len;
	return false;
}

void service_channel_no_key(void)
{
}

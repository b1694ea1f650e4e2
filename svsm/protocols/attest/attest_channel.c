/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The conversation with the security processor: the contract is in attest_channel.h. attest.c calls
 * it. What it must never do is to let two payloads have one sequence number, or to look at anything
 * of the host's that the host can still change.
 */
#include "protocols/attest/attest_channel.h"
#include "abi/service.h"
#include "cpu/timer.h"
#include "lib/string.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/secrets.h"
#include "platform/platform.h"
#include "protocols/attest/attest_certificates.h"
#include "protocols/attest/attest_lock.h"
#include "protocols/attest/attest_service.h"
#include "protocols/vtpm_pace.h"

/* A host that was busy is asked again after so long. */
#define BUSY_NS    PACE_FIRST
#define TABLE_SIZE ((uint32_t)(PLATFORM_CERTIFICATE_PAGES * PAGE_SIZE))

/* Private memory, made by the first request. */
struct channel_room {
	union {
		struct attest_seal seal;
		uint8_t bytes[sizeof(struct attest_head) + ATTEST_DATA_MAX];
	};
	struct guest_message sealed;
	struct attest_open open; /* its message: the answer, as the host gave it */
	struct report_response response;
	uint8_t table[TABLE_SIZE];
};

static struct {
	enum attest_channel_state state;
	uint64_t count;    /* messages of VMPCK0 so far, in both directions */
	uint32_t size;     /* of what is sealed */
	bool plain;        /* it is the report's data, and not hashed */
	bool certificates; /* they are wanted, and the host has no more than fit */
	bool asks;         /* a CPU is at the host with it, without the lock */
	uint64_t again;    /* uptime: the host was busy, and is not asked before */
	uint32_t table_size;
	uint32_t left_out; /* bytes that the host's certificates take: more than fit; 0: they do */
	struct service_request request;
	struct channel_room *room;
} channel;

enum attest_channel_state attest_channel_state(void)
{
	return channel.state;
}

/* ---- the key ---- */

static void forget_keys(void)
{
	string_wipe(channel.room->seal.head.key, GUEST_MESSAGE_KEY);
	string_wipe(channel.room->open.head.key, GUEST_MESSAGE_KEY);
}

static void give_up(const char *why, uint64_t status)
{
	log_error("attest: %s (%#lx): no reports from now on", why, (unsigned long)status);
	forget_keys();
	secrets_wipe_key();
	channel.state = ATTEST_CHANNEL_LOST;
}

static void fill_head(struct attest_head *h)
{
	memcpy(h->key, secrets_open()->vmpck[0], sizeof(h->key));
	secrets_close();
	h->seqno = channel.count + 1;
}

/* ---- the service ---- */

/* The same words again whenever it dies, as long as it can be started anew. */
static void ask_service(void)
{
	struct channel_room *r = channel.room;
	bool seals = channel.state == ATTEST_CHANNEL_SEALS;

	fill_head(seals ? &r->seal.head : &r->open.head);
	channel.request = (struct service_request){
		.kind = !seals          ? ATTEST_REQ_OPEN
			: channel.plain ? ATTEST_REQ_SEAL_DATA
					: ATTEST_REQ_SEAL,
		.in = seals ? (void *)&r->seal : (void *)&r->open,
		.in_len = seals ? (uint32_t)sizeof(r->seal) + channel.size
				: (uint32_t)sizeof(r->open),
		.out = seals ? (void *)&r->sealed : (void *)&r->response,
		.out_room = seals ? sizeof(r->sealed) : sizeof(r->response),
	};
	service_submit(&attest_service, &channel.request);
}

static void sealed(void)
{
	channel.state = ATTEST_CHANNEL_SENDS;
	channel.again = 0;
}

static void opened(void)
{
	channel.count += 2;
	channel.state = ATTEST_CHANNEL_ANSWERED;
}

static void service_done(void)
{
	bool seals = channel.state == ATTEST_CHANNEL_SEALS;
	const struct service_request *r = &channel.request;

	forget_keys();
	if (r->status == SERVICE_OK && r->out_len == r->out_room)
		seals ? sealed() : opened();
	else if (r->status == SERVICE_LOST &&
		 READ_ONCE(attest_service.restarts) < SERVICE_RESTARTS_MAX)
		ask_service();
	else
		give_up(seals ? "a request cannot be sealed" : "an answer is none", r->status);
}

static void lend(struct service_request *r, uint64_t ns)
{
	attest_unlock();
	service_run(&attest_service, r, ns, true);
	attest_lock();
}

/* ---- the host ---- */

static void came_back(const struct platform_message *m)
{
	uint64_t error = m->status & ~0xffffffffull;

	if (!m->status) {
		channel.table_size =
			m->certificates ? attest_certificates_size(m->certificates, TABLE_SIZE) : 0;
		channel.state = ATTEST_CHANNEL_OPENS;
		ask_service();
	} else if (error == VMM_ERROR_BUSY) {
		channel.again = timer_uptime_ns() + BUSY_NS;
	} else if (error == VMM_ERROR_INVALID_LEN && m->certificates) {
		log_warn("attest: the host's certificates take %lu pages and are left out",
			 (unsigned long)m->pages);
		channel.certificates = false;
		channel.left_out = (uint32_t)MIN(m->pages, UINT32_MAX / PAGE_SIZE) * PAGE_SIZE;
	} else {
		give_up("the host or the security processor refuses", m->status);
	}
}

static void ask_host(void)
{
	struct channel_room *r = channel.room;
	struct platform_message m = {.request = &r->sealed,
				     .response = &r->open.message,
				     .certificates = channel.certificates ? r->table : NULL};
	enum platform_result result = PLATFORM_UNSUPPORTED;

	channel.asks = true;
	attest_unlock();
	if (platform->message)
		result = platform->message(&m);
	attest_lock();
	channel.asks = false;
	if (result)
		give_up(platform_result_name(result), result);
	else
		came_back(&m);
}

/* ---- one request ---- */

static bool have_room(void)
{
	if (!channel.room)
		channel.room = alloc(sizeof(*channel.room));
	return channel.room;
}

static void begin(uint32_t size, bool plain, bool certificates)
{
	channel.size = size;
	channel.plain = plain;
	channel.certificates = certificates;
	channel.table_size = channel.left_out = 0;
	channel.state = ATTEST_CHANNEL_SEALS;
	ask_service();
}

bool attest_channel_begin(const void *a, uint32_t a_size, const void *b, uint32_t b_size,
			  bool certificates)
{
	if (!have_room())
		return false;
	memcpy(channel.room->seal.data, a, a_size);
	memcpy(channel.room->seal.data + a_size, b, b_size);
	begin(a_size + b_size, false, certificates);
	return true;
}

bool attest_channel_begin_data(const uint8_t data[64])
{
	if (!have_room())
		return false;
	memcpy(channel.room->seal.data, data, 64);
	begin(64, true, false);
	return true;
}

static bool host_waits(void)
{
	return channel.asks || timer_uptime_ns() < channel.again;
}

struct service_request *attest_channel_request(void)
{
	bool service =
		channel.state == ATTEST_CHANNEL_SEALS || channel.state == ATTEST_CHANNEL_OPENS;

	return service && !__atomic_load_n(&channel.request.done, __ATOMIC_ACQUIRE)
		       ? &channel.request
		       : NULL;
}

void attest_channel_poll(void)
{
	if (channel.state != ATTEST_CHANNEL_SENDS) {
		if (!attest_channel_request())
			service_done();
	} else if (!host_waits()) {
		ask_host();
	}
}

void attest_channel_step(uint64_t ns)
{
	struct service_request *r = attest_channel_request();

	if (channel.state == ATTEST_CHANNEL_ANSWERED ||
	    (channel.state == ATTEST_CHANNEL_SENDS && host_waits()))
		attest_wait(MIN(ns, BUSY_NS));
	else if (r)
		lend(r, ns);
	else
		attest_channel_poll();
}

const struct attestation_report *attest_channel_report(void)
{
	const struct report_response *r = &channel.room->response;

	return r->status == SNP_STATUS_SUCCESS && r->size == sizeof(r->report) ? &r->report : NULL;
}

uint32_t attest_channel_certificates(const void **table)
{
	*table = channel.left_out ? NULL : channel.room->table;
	return channel.left_out ? channel.left_out : channel.table_size;
}

void attest_channel_forget(void)
{
	channel.state = ATTEST_CHANNEL_IDLE;
}

void attest_channel_reset(void)
{
	channel.state = ATTEST_CHANNEL_IDLE;
	channel.count = 0;
}

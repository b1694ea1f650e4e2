/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Makes the manifests' keys ahead: the contract is in attest_ahead.h. boot/cpu_loop.c calls it on
 * service CPUs, attest_manifest.c asks for what is there. Nothing depends on it: a key that is not
 * here is made by the vTPM's own program, when it is wanted.
 */
#include "protocols/attest/attest_ahead.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "lib/string.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "protocols/attest/attest_lock.h"
#include "protocols/vtpm.h"
#include "protocols/vtpm_pace.h"
#include "user/service/service.h"

/* Pages that stay free for the rest of the SVSM when the program has all that it may have. */
#define PAGES_LEFT 256
/* The timer is not set to less: it must not come before this CPU sleeps. */
#define SLEEP_MIN (100 * PACE_MS)

/* The key that tells the seed comes first, then the one of the commonest manifest. */
static const uint8_t order[] = {VTPM_EK_ECC_P256, VTPM_EK_RSA2048,  VTPM_EK_ECC_P384,
				VTPM_AK_ECC_P256, VTPM_AK_ECC_P384, VTPM_AK_RSA2048};
_Static_assert(ARRAY_LEN(order) == VTPM_KEYS, "each key once");

struct key {
	uint32_t size; /* 0: not made */
	uint8_t data[ATTEST_KEY_MAX];
};

static struct {
	bool over;     /* atomic */
	bool begun;    /* the program has its state */
	bool asked;    /* for order[made] */
	unsigned made; /* keys */
	struct service_request request;
	struct key *key; /* VTPM_KEYS of them; NULL before the beginning */
} ahead;

/* The program's own copy of the seed goes with its memory. */
static void end(void)
{
	if (ahead.begun)
		service_retire(&vtpm_keys_service);
	__atomic_store_n(&ahead.over, true, __ATOMIC_RELAXED);
}

/* False: not yet. Where the timer ends a sleep it does so when it may be time. */
static bool tpm_rests(void)
{
	uint64_t left = vtpm_rest_left(PACE_KEEP);

	if (!left || (left != UINT64_MAX && !hv_used))
		return true;
	if (left != UINT64_MAX)
		timer_arm(timer_now() + timer_ticks(MAX(left, SLEEP_MIN)));
	return false;
}

static bool begin(void)
{
	if (alloc_free_pages() < vtpm_keys_service.page_limit + PAGES_LEFT)
		return false;
	ahead.key = alloc(VTPM_KEYS * sizeof(*ahead.key));
	ahead.begun = ahead.key &&
		      !service_blob_copy(&vtpm_keys_service, &vtpm_service, VTPM_SLOT_PERMANENT);
	return ahead.begun;
}

static void ask(void)
{
	struct key *key = &ahead.key[order[ahead.made]];

	ahead.request = (struct service_request){.kind = VTPM_REQ_KEY,
						 .arg = order[ahead.made],
						 .out = key->data,
						 .out_room = sizeof(key->data)};
	ahead.asked = service_submit(&vtpm_keys_service, &ahead.request);
}

/* The request's end is seen. False: there is no such key, so there will be no others. */
static bool take(void)
{
	const struct service_request *r = &ahead.request;

	ahead.asked = false;
	if (r->status != SERVICE_OK || !r->out_len || r->out_len > ATTEST_KEY_MAX)
		return false;
	ahead.key[r->arg].size = r->out_len;
	ahead.made++;
	return true;
}

static void step(void)
{
	if (ahead.asked && !__atomic_load_n(&ahead.request.done, __ATOMIC_ACQUIRE))
		return;
	if (ahead.asked && !take()) {
		log_warn("attest: a key could not be made ahead");
		end();
	} else if (ahead.made == VTPM_KEYS) {
		log_info("attest: the vTPM's keys are made");
		end();
	} else if (tpm_rests()) {
		if (ahead.begun || begin())
			ask();
		else
			end();
	}
}

void attest_ahead(void)
{
	if (__atomic_load_n(&ahead.over, __ATOMIC_RELAXED))
		return;
	attest_lock();
	if (!ahead.over)
		step();
	attest_unlock();
}

const void *attest_ahead_key(unsigned which, uint32_t *size)
{
	if (!ahead.key || which >= VTPM_KEYS || !ahead.key[which].size)
		return NULL;
	*size = ahead.key[which].size;
	return ahead.key[which].data;
}

void attest_ahead_reset(void)
{
	if (ahead.key)
		alloc_free(ahead.key, VTPM_KEYS * sizeof(*ahead.key));
	memset(&ahead, 0, sizeof(ahead));
}

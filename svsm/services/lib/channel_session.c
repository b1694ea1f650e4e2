/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Numbers are set aside in blocks before the first of them is used, so that the kernel hears of one
 * in some thousand: a program that begins anew starts behind the block. The contract is in
 * channel_session.h.
 */
#include "services/lib/channel_session.h"
#include <errno.h>
#include <openssl/rand.h>
#include <string.h>
#include "services/lib/service.h"

#define BLOCK 4096u

static struct {
	struct channel_session kept;
	uint32_t number; /* the next; kept.next ends its block */
} session;

static bool keep(void)
{
	return service_store(SERVICE_SLOT_CHANNEL, &session.kept, sizeof(session.kept)) == 0;
}

bool channel_session_begin(uint8_t hello[CHANNEL_KEY])
{
	struct channel_session *k = &session.kept;
	int64_t len = service_load(SERVICE_SLOT_CHANNEL, k, sizeof(*k));

	memset(hello, 0, CHANNEL_KEY);
	if (len != -ENOENT && len != sizeof(*k))
		return false;
	if (len == -ENOENT) {
		*k = (struct channel_session){.next = 1};
		if (RAND_bytes(k->key, sizeof(k->key)) != 1)
			return false;
	}
	session.number = k->next;
	if (!k->agreed)
		memcpy(hello, k->key, CHANNEL_KEY);
	return true;
}

const uint8_t *channel_session_key(void)
{
	return session.kept.key;
}

uint32_t channel_session_number(void)
{
	if (session.number == session.kept.next) {
		if (session.kept.next > UINT32_MAX - BLOCK)
			return 0;
		session.kept.next += BLOCK;
		if (!keep()) {
			session.kept.next -= BLOCK;
			return 0;
		}
	}
	return session.number++;
}

bool channel_session_agreed(void)
{
	session.kept.agreed = true;
	return keep();
}

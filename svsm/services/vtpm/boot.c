/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Starts the TPM and extends what the launch page lists, before any command of the guest. serve.c
 * calls it, once. The digests are the builder's, and the launch digest covers them; so nothing here
 * computes one. What must not happen is a bank left out: a guest could extend that one by itself,
 * with the measurements of another system.
 */
#include "services/vtpm/boot.h"
#include "services/vtpm/message.h"

/* TPM 2.0 Library, part 2, TPM_ALG_ID and TPM_CAP */
#define ALG_SHA1   0x0004
#define ALG_SHA256 0x000b
#define ALG_SHA384 0x000c
#define ALG_SHA512 0x000d
#define CAP_PCRS   0x00000005
#define BANKS_MAX  16

/* In a response to TPM2_GetCapability: header, moreData, capability, then TPML_PCR_SELECTION. */
#define AT_COUNT (sizeof(struct tpm_header) + 1 + 4)

struct banks {
	uint16_t alg[BANKS_MAX];
	uint32_t count;
};

static uint32_t get(const struct message *m, uint32_t at, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | m->data[at + i];
	return v;
}

/* One TPMS_PCR_SELECTION at *at, which then is behind it. A bank without a PCR is not active. */
static bool take_bank(const struct message *m, uint32_t *at, struct banks *b)
{
	uint32_t size, any = 0;

	if (m->len < *at + 3)
		return false;
	size = m->data[*at + 2];
	if (m->len - *at - 3 < size)
		return false;
	for (uint32_t i = 0; i < size; i++)
		any |= m->data[*at + 3 + i];
	if (any)
		b->alg[b->count++] = (uint16_t)get(m, *at, 2);
	*at += 3 + size;
	return true;
}

static bool active_banks(struct banks *b)
{
	uint32_t at = AT_COUNT + 4, n;
	struct message m;

	b->count = 0;
	message_begin(&m, TPM_CC_GET_CAPABILITY);
	message_u32(&m, CAP_PCRS);
	message_u32(&m, 0);
	message_u32(&m, 1); /* the list comes whole, whatever is asked for */
	if (!message_send(&m, 0) || m.len < at)
		return false;
	n = get(&m, AT_COUNT, 4);
	for (uint32_t i = 0; i < n; i++)
		if (n > BANKS_MAX || !take_bank(&m, &at, b))
			return false;
	return b->count;
}

/* The event's digest for a bank as a TPMT_HA. False: it has none. */
static bool put_digest(struct message *m, const struct launch_event *e, uint16_t alg)
{
	const struct {
		uint16_t alg;
		const uint8_t *digest;
		uint32_t size;
	} all[] = {
		{ALG_SHA1, e->sha1, sizeof(e->sha1)},
		{ALG_SHA256, e->sha256, sizeof(e->sha256)},
		{ALG_SHA384, e->sha384, sizeof(e->sha384)},
		{ALG_SHA512, e->sha512, sizeof(e->sha512)},
	};

	for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].alg != alg)
			continue;
		message_u16(m, alg);
		message_bytes(m, all[i].digest, all[i].size);
		return true;
	}
	return false;
}

static bool extend(const struct launch_event *e, const struct banks *b)
{
	struct message m;

	message_begin_auth(&m, TPM_CC_PCR_EXTEND, e->pcr);
	message_u32(&m, b->count);
	for (uint32_t i = 0; i < b->count; i++)
		if (!put_digest(&m, e, b->alg[i]))
			return false;
	return message_send(&m, 0);
}

bool boot_measured(const struct launch_event *events, uint32_t count, bool started)
{
	struct banks b;

	if ((!started && !message_startup()) || !active_banks(&b))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!extend(&events[i], &b))
			return false;
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * SNP_GUEST_REQUEST. The order of the checks is the firmware's: form, authenticity, sequence,
 * version and type. Two answers never share key and sequence number, since each one moves the
 * count.
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "harness/psp/gcm.h"
#include "harness/psp/payload.h"

bool psp_guest_init(struct psp_guest *g)
{
	memset(g, 0, sizeof(*g));
	return RAND_priv_bytes((uint8_t *)g->vmpck, sizeof(g->vmpck)) == 1 &&
	       RAND_bytes(g->report_id, sizeof(g->report_id)) == 1;
}

static const struct {
	uint8_t type;
	psp_payload *serve;
} types[] = {
	{GUEST_MESSAGE_REPORT_REQ, psp_report},
	{GUEST_MESSAGE_KEY_REQ, psp_key},
	{GUEST_MESSAGE_CPUID_REQ, psp_cpuid},
	{GUEST_MESSAGE_TSC_INFO_REQ, psp_tsc_info},
};

/* NULL: a type that this firmware does not know. */
static psp_payload *payload_of(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i].serve;
	return NULL;
}

/* What can be told of the header without a key. */
static bool well_formed(const struct guest_message *m)
{
	return m->hdr_version == GUEST_MESSAGE_HDR_VERSION &&
	       m->hdr_size == GUEST_MESSAGE_HDR_SIZE && m->algo == GUEST_MESSAGE_ALGO_GCM &&
	       m->size && m->size % 16 == 0 && m->size <= GUEST_MESSAGE_PAYLOAD_MAX &&
	       m->vmpck < GUEST_MESSAGE_KEYS;
}

/* The next number, where the answer's is one too. */
static bool in_sequence(uint64_t count, uint64_t seqno)
{
	return count <= UINT64_MAX - 2 && seqno == count + 1;
}

/* For whoever runs this; the guest gets what the firmware says. */
static void note_sealed(struct psp *p, const struct guest_message *m)
{
	if (sealed_once(&p->sealed, m) || p->reused)
		return;
	p->reused = true;
	p->reused_key = m->vmpck;
	p->reused_seqno = m->seqno;
}

static bool answer(struct psp *p, psp_payload *serve, const struct guest_message *request,
		   const uint8_t *payload, struct guest_message *response)
{
	struct guest_message m = {
		.seqno = request->seqno + 1,
		.algo = GUEST_MESSAGE_ALGO_GCM,
		.hdr_version = GUEST_MESSAGE_HDR_VERSION,
		.hdr_size = GUEST_MESSAGE_HDR_SIZE,
		.type = (uint8_t)(request->type + 1),
		.version = GUEST_MESSAGE_VERSION,
		.vmpck = request->vmpck,
	};

	m.size = (uint16_t)serve(p, request->vmpck, payload, request->size, m.payload);
	if (!gcm_seal(&m, p->guest.vmpck[m.vmpck]))
		return false;
	note_sealed(p, &m);
	p->guest.count[m.vmpck] += 2;
	*response = m;
	return true;
}

/* An authentic message: m is the caller's copy, payload its plain text. */
static enum snp_status serve(struct psp *p, const struct guest_message *m, const uint8_t *payload,
			     struct guest_message *response)
{
	psp_payload *by_type = payload_of(m->type);

	if (!in_sequence(p->guest.count[m->vmpck], m->seqno))
		return SNP_STATUS_AEAD_OFLOW;
	if (m->version != GUEST_MESSAGE_VERSION || !by_type)
		return SNP_STATUS_INVALID_PARAM;
	if (!answer(p, by_type, m, payload, response))
		return SNP_STATUS_INVALID_PARAM;
	return SNP_STATUS_SUCCESS;
}

void psp_note(struct psp *p, const struct guest_message *request)
{
	struct guest_message m = *request;
	uint8_t payload[GUEST_MESSAGE_PAYLOAD_MAX];

	if (well_formed(&m) && gcm_open(&m, p->guest.vmpck[m.vmpck], payload))
		note_sealed(p, &m);
	OPENSSL_cleanse(payload, sizeof(payload));
}

enum snp_status psp_request(struct psp *p, const struct guest_message *request,
			    struct guest_message *response)
{
	struct guest_message m = *request;
	uint8_t payload[GUEST_MESSAGE_PAYLOAD_MAX];
	enum snp_status status;

	if (!p->guest.running)
		return SNP_STATUS_INVALID_GUEST_STATE;
	if (!well_formed(&m))
		return SNP_STATUS_INVALID_PARAM;
	if (!gcm_open(&m, p->guest.vmpck[m.vmpck], payload))
		return SNP_STATUS_BAD_MEASUREMENT;
	note_sealed(p, &m);
	status = serve(p, &m, payload, response);
	OPENSSL_cleanse(payload, sizeof(payload));
	return status;
}

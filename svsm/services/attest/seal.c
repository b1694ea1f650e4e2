/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Seals and opens guest messages by libcrypto's own blocks: GCM over vector-permutation AES, which
 * takes the same time for every key. libcrypto's EVP would choose it by itself, and bring 4 MiB
 * along.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "services/attest/seal.h"
#include <openssl/aes.h>
#include <openssl/crypto.h>
#include <openssl/modes.h>
#include <openssl/sha.h>
#include "lib/string.h"

#define IV_SIZE  12
#define AAD      offsetof(struct guest_message, algo)
#define AAD_SIZE (GUEST_MESSAGE_HDR_SIZE - AAD)
#define VMPCK0   0

/* Of libcrypto, in none of its headers. */
int vpaes_set_encrypt_key(const unsigned char *key, int bits, AES_KEY *schedule);
void vpaes_encrypt(const unsigned char *in, unsigned char *out, const AES_KEY *schedule);

/* ---- GCM ---- */

struct gcm {
	AES_KEY schedule;
	GCM128_CONTEXT *context;
};

static void close(struct gcm *g)
{
	if (g->context)
		CRYPTO_gcm128_release(g->context);
	OPENSSL_cleanse(g, sizeof(*g));
}

/* Ready for the payload of a message whose header is complete. */
static bool open(struct gcm *g, const struct guest_message *m, const uint8_t *key)
{
	uint8_t iv[IV_SIZE] = {0};

	g->context = NULL;
	if (vpaes_set_encrypt_key(key, 8 * GUEST_MESSAGE_KEY, &g->schedule) == 0)
		g->context = CRYPTO_gcm128_new(&g->schedule, (block128_f)vpaes_encrypt);
	if (!g->context)
		return false;
	memcpy(iv, &m->seqno, sizeof(m->seqno));
	CRYPTO_gcm128_setiv(g->context, iv, sizeof(iv));
	return CRYPTO_gcm128_aad(g->context, (const uint8_t *)m + AAD, AAD_SIZE) == 0;
}

static bool seal(struct guest_message *m, const uint8_t *key, const void *payload)
{
	struct gcm g;
	bool ok = open(&g, m, key) &&
		  CRYPTO_gcm128_encrypt(g.context, payload, m->payload, m->size) == 0;

	if (ok)
		CRYPTO_gcm128_tag(g.context, m->authtag, GUEST_MESSAGE_TAG);
	close(&g);
	return ok;
}

static bool unseal(const struct guest_message *m, const uint8_t *key, uint8_t *out)
{
	struct gcm g;
	bool ok = open(&g, m, key) &&
		  CRYPTO_gcm128_decrypt(g.context, m->payload, out, m->size) == 0 &&
		  CRYPTO_gcm128_finish(g.context, m->authtag, GUEST_MESSAGE_TAG) == 0;

	close(&g);
	return ok;
}

/* ---- messages ---- */

bool seal_report_request(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY],
			 uint64_t seqno, const uint8_t report_data[64])
{
	struct report_request request = {.vmpl = 0, .key_sel = 0};

	memcpy(request.report_data, report_data, sizeof(request.report_data));
	memset(m, 0, sizeof(*m));
	m->seqno = seqno;
	m->algo = GUEST_MESSAGE_ALGO_GCM;
	m->hdr_version = GUEST_MESSAGE_HDR_VERSION;
	m->hdr_size = GUEST_MESSAGE_HDR_SIZE;
	m->type = GUEST_MESSAGE_REPORT_REQ;
	m->version = GUEST_MESSAGE_VERSION;
	m->size = sizeof(request);
	m->vmpck = VMPCK0;
	return seal(m, key, &request);
}

/* What is in plain text is checked first: the size bounds what is decrypted. */
static bool is_answer(const struct guest_message *m, uint64_t request_seqno)
{
	return m->seqno == request_seqno + 1 && m->algo == GUEST_MESSAGE_ALGO_GCM &&
	       m->hdr_version == GUEST_MESSAGE_HDR_VERSION &&
	       m->hdr_size == GUEST_MESSAGE_HDR_SIZE && m->type == GUEST_MESSAGE_REPORT_REQ + 1 &&
	       m->version == GUEST_MESSAGE_VERSION && m->vmpck == VMPCK0 &&
	       m->size >= offsetof(struct report_response, report) &&
	       m->size <= GUEST_MESSAGE_PAYLOAD_MAX;
}

bool seal_open_report(const struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY],
		      uint64_t request_seqno, struct report_response *out)
{
	uint8_t payload[GUEST_MESSAGE_PAYLOAD_MAX];
	bool ok = is_answer(m, request_seqno) && unseal(m, key, payload);

	memset(out, 0, sizeof(*out));
	if (!ok)
		return false;
	memcpy(out, payload, MIN(sizeof(*out), m->size));
	ok = out->status != SNP_STATUS_SUCCESS || m->size >= sizeof(*out);
	if (!ok)
		memset(out, 0, sizeof(*out));
	return ok;
}

void seal_hash(const void *data, size_t len, uint8_t digest[64])
{
	SHA512_CTX c;

	SHA512_Init(&c);
	SHA512_Update(&c, data, len);
	SHA512_Final(digest, &c);
	OPENSSL_cleanse(&c, sizeof(c));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Inputs of the TPM fuzzers taken apart, and the commands that they make (tpm_record.h). */
#include "bare/vtpmfuzz/tpm_record.h"
#include "lib/string.h"

#define TPM_HEADER        10
#define CC_CREATE_PRIMARY 0x131
#define CC_SELF_TEST      0x143
#define CC_CREATE         0x153
#define CC_RSA_ENCRYPT    0x174
#define CC_CREATE_LOADED  0x191
#define ALG_RSA           0x0001

bool record_next(const uint8_t *input, size_t size, size_t *at, struct record *r)
{
	const uint8_t *p = input + *at;
	size_t room;

	if (size - *at < RECORD_HEAD)
		return false;
	room = size - *at - RECORD_HEAD;
	r->locality = (p[0] & 7) > 4 ? (p[0] & 7) - 4 : p[0] & 7;
	r->append = (enum record_append)(p[0] >> 6);
	r->len = (uint32_t)MIN(MIN(record_be16(p + 1), room), RECORD_MAX);
	r->data = p + RECORD_HEAD;
	*at += RECORD_HEAD + r->len;
	return true;
}

/* Where the first two TPM2Bs from `from` on end; from when they are not whole. */
static uint32_t two_blobs(const uint8_t *p, uint32_t len, uint32_t from)
{
	uint32_t at = from;

	for (unsigned i = 0; i < 2; i++) {
		if (len - at < 2 || len - at - 2 < record_be16(p + at))
			return from;
		at += 2 + record_be16(p + at);
	}
	return at;
}

uint32_t record_compose(const struct record *r, const uint8_t *response, uint32_t response_len,
			uint8_t command[RECORD_MAX])
{
	uint32_t from = r->append == APPEND_BLOBS ? TPM_HEADER + 4 : TPM_HEADER;
	uint32_t to = response_len;

	memcpy(command, r->data, r->len);
	if (r->append == APPEND_NOTHING || response_len <= from || r->len < TPM_HEADER)
		return r->len;
	if (r->append != APPEND_PARAMETERS)
		to = two_blobs(response, response_len, from);
	to = MIN(to, from + RECORD_MAX - r->len);
	memcpy(command + r->len, response + from, to - from);
	record_set_be32(command + 2, r->len + to - from);
	return r->len + to - from;
}

/* Behind one handle and an authorization area: inSensitive, then inPublic, which begins with a size
 * and the algorithm. */
static bool makes_rsa_key(const uint8_t *c, uint32_t len)
{
	uint64_t at = TPM_HEADER + 4;

	if (at + 4 > len)
		return false;
	at += 4 + record_be32(c + at);
	if (at + 2 > len)
		return false;
	at += 2 + record_be16(c + at);
	return at + 4 <= len && record_be16(c + at + 2) == ALG_RSA;
}

bool record_is_slow(const uint8_t *command, uint32_t len)
{
	if (len < TPM_HEADER)
		return false;
	switch (record_be32(command + 6)) {
	case CC_SELF_TEST:
		return true;
	case CC_CREATE_PRIMARY:
	case CC_CREATE:
	case CC_CREATE_LOADED:
		return makes_rsa_key(command, len);
	default:
		return false;
	}
}

bool record_may_fail(const uint8_t *command, uint32_t len)
{
	return len >= TPM_HEADER && record_be32(command + 6) == CC_RSA_ENCRYPT;
}

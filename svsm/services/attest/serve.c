/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One request of the kernel's, up to its answer. The kernel gives VMPCK0 with each; the program
 * keeps neither it nor anything else. An answer of the processor is the host's word until its tag
 * was checked.
 */
#include "services/attest/serve.h"
#include <openssl/crypto.h>
#include "services/attest/seal.h"
#include "services/lib/service.h"

static union {
	struct attest_seal seal;
	struct attest_open open;
	uint8_t bytes[sizeof(struct attest_head) + ATTEST_DATA_MAX];
} in;
static union {
	struct guest_message message;
	struct report_response report;
} out;

_Static_assert(sizeof(in.bytes) >= sizeof(in.open), "");

/* The status of the answer; *len: what it takes of `out`. */
static uint32_t seal_request(uint32_t in_len, uint32_t *len)
{
	uint8_t digest[64];

	if (in_len < sizeof(in.seal))
		return SERVICE_EINVAL;
	seal_hash(in.seal.data, in_len - sizeof(in.seal), digest);
	*len = sizeof(out.message);
	return seal_report_request(&out.message, in.seal.head.key, in.seal.head.seqno, digest)
		       ? SERVICE_OK
		       : SERVICE_EFAILED;
}

static uint32_t seal_data(uint32_t in_len, uint32_t *len)
{
	if (in_len != sizeof(in.seal) + 64)
		return SERVICE_EINVAL;
	*len = sizeof(out.message);
	return seal_report_request(&out.message, in.seal.head.key, in.seal.head.seqno, in.seal.data)
		       ? SERVICE_OK
		       : SERVICE_EFAILED;
}

static uint32_t open_answer(uint32_t in_len, uint32_t *len)
{
	if (in_len != sizeof(in.open))
		return SERVICE_EINVAL;
	*len = sizeof(out.report);
	return seal_open_report(&in.open.message, in.open.head.key, in.open.head.seqno, &out.report)
		       ? SERVICE_OK
		       : SERVICE_EFAILED;
}

static uint32_t handle(const struct service_head *head, uint32_t *len)
{
	if (head->len > sizeof(in) || service_read(&in, 0, head->len) != (int64_t)head->len)
		return SERVICE_EINVAL;
	switch (head->kind) {
	case ATTEST_REQ_SEAL:
		return seal_request(head->len, len);
	case ATTEST_REQ_SEAL_DATA:
		return seal_data(head->len, len);
	case ATTEST_REQ_OPEN:
		return open_answer(head->len, len);
	default:
		return SERVICE_EINVAL;
	}
}

bool serve(const struct service_head *head)
{
	uint32_t len = 0, status = handle(head, &len);

	if (status == SERVICE_OK && service_write(&out, 0, len) != len)
		status = SERVICE_EFAILED;
	OPENSSL_cleanse(&in, sizeof(in));
	OPENSSL_cleanse(&out, sizeof(out));
	return service_answer(status, status == SERVICE_OK ? len : 0) == 0;
}

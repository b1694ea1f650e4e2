/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The attestation service's program on the host: what it seals a guest's half written by the
 * specification opens, and back. SEV-SNP firmware ABI (56860), "Guest Messages".
 *
 * sources: svsm/services/attest/seal.c svsm/services/attest/serve.c
 * libs: -l:libcrypto.a
 */
#include "tests/native/psp_guest.h"
#include "abi/service.h"
#include "services/attest/seal.h"
#include "services/attest/serve.h"
#include "services/lib/service.h"

static const uint8_t key[32] = "thirty-two bytes of a test's key";

/* ---- the kernel's side of the program's system calls ---- */

static struct {
	uint8_t in[0x4000], out[0x2000];
	size_t in_len;
	uint64_t status, len;
	bool answered;
} kernel;

int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	switch (number) {
	case SERVICE_CALL_READ:
		c = MIN(c, kernel.in_len - b);
		memcpy((void *)a, kernel.in + b, c);
		return (int64_t)c;
	case SERVICE_CALL_WRITE:
		if (!CHECK(b + c <= sizeof(kernel.out)))
			return -22;
		memcpy(kernel.out + b, (const void *)a, c);
		return (int64_t)c;
	case SERVICE_CALL_ANSWER:
		kernel.status = a;
		kernel.len = b;
		kernel.answered = true;
		return 0;
	}
	return -38;
}

static uint64_t ask(uint32_t kind, const void *in, size_t len)
{
	struct service_head head = {.kind = kind, .len = (uint32_t)len, .room = sizeof(kernel.out)};

	memset(&kernel, 0, sizeof(kernel));
	memcpy(kernel.in, in, MIN(len, sizeof(kernel.in)));
	kernel.in_len = len;
	CHECK(serve(&head));
	CHECK(kernel.answered);
	return kernel.status;
}

static size_t put_head(uint8_t *to, uint64_t seqno)
{
	memcpy(to, key, sizeof(key));
	put_le(to + 32, seqno, 8);
	return 40;
}

/* ---- requests ---- */

TEST(a_request_is_what_the_specification_says)
{
	static const char said[] = "a nonce, and the manifest behind it";
	uint8_t in[200], digest[64], zero[0x1000] = {0}, *m = kernel.out;
	size_t n = put_head(in, 0x1122334455667701);

	memcpy(in + n, said, sizeof(said));
	CHECK_EQ(ask(ATTEST_REQ_SEAL, in, n + sizeof(said)), SERVICE_OK);
	CHECK_EQ(kernel.len, MSG_PAGE);
	CHECK_EQ(get_le(m + 0x20, 8), 0x1122334455667701);
	CHECK_EQ(m[0x30], 1);                     /* AES-256-GCM */
	CHECK_EQ(m[0x31], 1);                     /* HDR_VERSION */
	CHECK_EQ(get_le(m + 0x32, 2), 0x60);      /* HDR_SIZE */
	CHECK_EQ(m[0x34], 5);                     /* MSG_REPORT_REQ */
	CHECK_EQ(m[0x35], 1);                     /* MSG_VERSION */
	CHECK_EQ(get_le(m + 0x36, 2), 0x60);      /* MSG_SIZE */
	CHECK_EQ(m[0x3c], 0);                     /* VMPCK0 */
	CHECK_MEM(m + 0x10, zero, 16);            /* the rest of AUTHTAG */
	CHECK_MEM(m + 0xc0, zero, 0x1000 - 0xc0); /* behind the payload */
	CHECK(msg_open(m, key));
	EVP_Digest(said, sizeof(said), digest, NULL, EVP_sha512(), NULL);
	CHECK_MEM(m + 0x60, digest, 64);
	CHECK_MEM(m + 0xa0, zero, 0x20); /* VMPL 0, KEY_SEL 0, the rest 0 */
}

TEST(the_same_request_is_the_same_bytes)
{
	static uint8_t first[MSG_PAGE];
	uint8_t in[41];

	put_head(in, 3);
	in[40] = 7;
	CHECK_EQ(ask(ATTEST_REQ_SEAL, in, 41), SERVICE_OK);
	memcpy(first, kernel.out, sizeof(first));
	CHECK_EQ(ask(ATTEST_REQ_SEAL, in, 41), SERVICE_OK);
	CHECK_MEM(first, kernel.out, sizeof(first));
	put_head(in, 5);
	CHECK_EQ(ask(ATTEST_REQ_SEAL, in, 41), SERVICE_OK);
	CHECK(memcmp(first + 0x60, kernel.out + 0x60, 0x60));
}

/* ---- answers ---- */

static uint8_t in[40 + MSG_PAGE], *const answer = in + 40;

static void make_answer(uint64_t request, size_t size)
{
	uint8_t payload[4000];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 1);
	put_head(in, request);
	msg_plain(answer, request + 1, 6, 0, payload, size);
	msg_seal(answer, key, size);
}

static uint64_t open_it(void)
{
	return ask(ATTEST_REQ_OPEN, in, sizeof(in));
}

TEST(an_answer_is_opened)
{
	make_answer(9, 0x4c0);
	CHECK_EQ(open_it(), SERVICE_OK);
	CHECK_EQ(kernel.len, 0x4c0);
	for (unsigned i = 0; i < 0x4c0; i++)
		if (!CHECK_EQ(kernel.out[i], (uint8_t)(i * 7 + 1)))
			break;
}

/* Newer firmware may have longer answers, and one without a report may be shorter. */
TEST(the_size_of_an_answer_may_differ)
{
	make_answer(1, 1280);
	CHECK_EQ(open_it(), SERVICE_OK);
	make_answer(1, 4000);
	CHECK_EQ(open_it(), SERVICE_OK);
	make_answer(1, 0x20);
	CHECK_EQ(open_it(), SERVICE_OK);
	CHECK_EQ(kernel.out[0x1f], (uint8_t)(0x1f * 7 + 1));
	for (unsigned i = 0x20; i < 0x4c0; i++)
		if (!CHECK_EQ(kernel.out[i], 0))
			break;
}

/* SUCCESS with fewer bytes than a report has would be one of zeroes. */
TEST(a_report_that_is_not_there_is_none)
{
	static const size_t sizes[] = {0x20, 0x21, 0x4bf};

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		uint8_t payload[0x4c0] = {0};

		put_head(in, 1);
		msg_plain(answer, 2, 6, 0, payload, sizes[i]);
		msg_seal(answer, key, sizes[i]);
		CHECK_EQ(open_it(), SERVICE_EFAILED);
		CHECK_EQ(kernel.len, 0);
	}
}

TEST(what_is_no_answer_is_refused)
{
	static const struct {
		const char *what;
		unsigned at, flip;
	} bad[] = {
		{"tag", 0, 1},
		{"last of the tag", 15, 0x80},
		{"number", 0x20, 2},
		{"number above", 0x27, 1},
		{"ALGO", 0x30, 2},
		{"HDR_VERSION", 0x31, 3},
		{"HDR_SIZE", 0x32, 1},
		{"type", 0x34, 3},
		{"version", 0x35, 3},
		{"size", 0x36, 0x10},
		{"size past the page", 0x37, 0x10},
		{"reserved", 0x38, 1},
		{"key", 0x3c, 1},
		{"payload", 0x60, 1},
		{"its end", 0x51f, 1},
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("%s", bad[i].what);
		make_answer(1, 0x4c0);
		answer[bad[i].at] ^= bad[i].flip;
		CHECK_EQ(open_it(), SERVICE_EFAILED);
		CHECK_EQ(kernel.len, 0);
	}
	check_context("%s", "another request's");
	make_answer(3, 0x4c0);
	put_head(in, 1);
	CHECK_EQ(open_it(), SERVICE_EFAILED);
	check_context("%s", "a request");
	make_answer(1, 0x60);
	answer[0x34] = 5;
	msg_seal(answer, key, 0x60);
	CHECK_EQ(open_it(), SERVICE_EFAILED);
	check_context("%s", "without a status");
	make_answer(1, 0x10);
	CHECK_EQ(open_it(), SERVICE_EFAILED);
	check_context("%s", "another key");
	make_answer(1, 0x4c0);
	in[0] ^= 1;
	CHECK_EQ(open_it(), SERVICE_EFAILED);
}

TEST(requests_of_another_form_are_none)
{
	static uint8_t long_one[40 + ATTEST_DATA_MAX + 1];

	make_answer(1, 0x4c0);
	CHECK_EQ(ask(ATTEST_REQ_OPEN, in, sizeof(in) - 1), SERVICE_EINVAL);
	CHECK_EQ(ask(ATTEST_REQ_SEAL, in, 39), SERVICE_EINVAL);
	CHECK_EQ(ask(ATTEST_REQ_SEAL, long_one, sizeof(long_one) - 1), SERVICE_OK);
	CHECK_EQ(ask(ATTEST_REQ_SEAL, long_one, sizeof(long_one)), SERVICE_EINVAL);
	CHECK_EQ(ask(3, in, 40), SERVICE_EINVAL);
	CHECK_EQ(ask(0, in, 40), SERVICE_EINVAL);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Calls, platform commands, localities and lengths: 58019, 8, tables 14 to 17. Where the tables
 * leave it open the expectation is what COCONUT answers and Linux relies on: one platform command,
 * 8, and INVALID_PARAMETER for the others. Localities 1 to 4 are this project's own
 * (docs/fidelity.md).
 */
#include "bare/vtpm/common.h"
#include "bare/core/calls.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define GET_RANDOM_LEN 12
static const uint8_t get_random[GET_RANDOM_LEN] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};

static uint64_t versions(uint32_t version)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL),
			      .rcx = (uint64_t)SVSM_PROTO_VTPM << 32 | version};

	test_case("version %u", version);
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	return c.rcx;
}

TEST(query, "query", "QUERY: TPM_SEND_COMMAND and no features; the protocol has version 1",
     "svsm:8:query svsm:6.7:query")
{
	struct svsm_call c = {.rax = VTPM(QUERY), .rcx = ~0ull, .rdx = ~0ull};
	uint64_t v;

	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ(c.pending, 0);
	CHECK_NE(c.rcx & BIT(VTPM_CMD_SEND_COMMAND), 0);
	if (scope_own()) {
		CHECK_EQ(c.rcx, BIT(VTPM_CMD_SEND_COMMAND));
		CHECK_EQ(c.rdx, 0);
	}
	v = versions(1);
	CHECK_EQ((uint32_t)v, 1);
	CHECK_GE(v >> 32, 1);
	if (scope_own())
		CHECK_EQ(v >> 32, 1);
	CHECK_EQ(versions(0), 0);
	CHECK_EQ(versions((uint32_t)(v >> 32) + 1), 0);
	CHECK_EQ(versions(0xffffffff), 0);
}

TEST(unknown, "unknown-calls", "other calls of the vTPM and the test protocol are refused",
     "svsm:5:protocol svsm:5:call")
{
	static const struct call_row rows[] = {
		{"vTPM call 2", SVSM_CALL(2, 2), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_CALL},
		{"vTPM call 8", SVSM_CALL(2, 8), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_CALL},
		{"vTPM call 0xffffffff", SVSM_CALL(2, 0xffffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_CALL},
	};
	static const struct call_row own[] = {
		{"test call 9", SVSM_CALL(SVSM_PROTO_TEST, 9), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_CALL},
		{"the protocol before the test's", SVSM_CALL(SVSM_PROTO_TEST - 1, 0), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_PROTOCOL},
	};

	calls_run(rows, ARRAY_LEN(rows));
	if (scope_own())
		calls_run(own, ARRAY_LEN(own));
}

/* One call with GetRandom(8) as data. A call that is refused changes nothing in the page. */
static uint64_t request(uint32_t command, uint8_t locality, uint32_t len)
{
	static uint8_t before[PAGE_SIZE];
	uint8_t *page = vtpm_page();
	uint64_t rax;

	memset(page, 0xee, PAGE_SIZE);
	vtpm_request(page, command, locality, len, get_random, GET_RANDOM_LEN);
	memcpy(before, page, PAGE_SIZE);
	rax = vtpm_call((uint64_t)page);
	if (rax != SVSM_SUCCESS)
		CHECK_EQ(memcmp(before, page, PAGE_SIZE), 0);
	return rax;
}

TEST(platform, "platform-commands", "of all platform commands only TPM_SEND_COMMAND is supported",
     "svsm:8:platform-command")
{
	static const uint32_t wild[] = {41,         63,         64,         0xff,
					0x100,      0x108,      0x10000,    0x80000000,
					0x80000008, 0xffffffff, 0x08000000, 0xfffffff8};
	struct svsm_call c = {.rax = VTPM(QUERY)};
	uint64_t supported = svsm_call(&c) == SVSM_SUCCESS ? c.rcx : 0;

	vtpm_fresh();
	for (uint32_t n = 0; n <= 40; n++) {
		if (!scope_own() && n != VTPM_CMD_SEND_COMMAND && supported >> n & 1)
			continue; /* it says itself that it has this one */
		test_case("platform command %u", n);
		CHECK_EQ(request(n, 0, GET_RANDOM_LEN),
			 n == VTPM_CMD_SEND_COMMAND ? SVSM_SUCCESS : SVSM_ERR_INVALID_PARAMETER);
	}
	for (unsigned i = 0; i < ARRAY_LEN(wild); i++) {
		test_case("platform command 0x%x", wild[i]);
		CHECK_EQ(request(wild[i], 0, GET_RANDOM_LEN), SVSM_ERR_INVALID_PARAMETER);
	}
	still_works();
}

TEST(localities, "localities", "localities 0 to 4 are served, 5 to 255 refused",
     "keelson:vtpm:locality")
{
	vtpm_fresh();
	for (unsigned l = 0; l < 256; l++) {
		test_case("locality %u", l);
		CHECK_EQ(request(VTPM_CMD_SEND_COMMAND, (uint8_t)l, GET_RANDOM_LEN),
			 l <= 4 ? SVSM_SUCCESS : SVSM_ERR_INVALID_PARAMETER);
	}
	still_works();
}

/* TPM Library, part 2, TPMA_LOCALITY: 0 to 4, and from 32 up what a platform defines. */
TEST(locality_reserved, "locality-reserved", "localities 5 to 31, which no TPM has, are not served",
     "tpm:locality:reserved")
{
	vtpm_fresh();
	for (unsigned l = 5; l < 32; l++) {
		test_case("locality %u", l);
		CHECK_NE(request(VTPM_CMD_SEND_COMMAND, (uint8_t)l, GET_RANDOM_LEN), SVSM_SUCCESS);
	}
	still_works();
}

struct length_row {
	const char *name, *rule;
	uint32_t len;
	uint64_t rax;
	uint32_t code; /* of the response, when RAX is SUCCESS */
};

TEST(lengths, "lengths",
     "lengths: what fits goes to the TPM, which has its own words; the rest is refused",
     "svsm:8:length tpm:command:size")
{
	static const struct length_row rows[] = {
		{"0", "tpm:command:size", 0, SVSM_SUCCESS, TPM_RC_INSUFFICIENT},
		{"1", "tpm:command:size", 1, SVSM_SUCCESS, TPM_RC_INSUFFICIENT},
		{"2", "tpm:command:size", 2, SVSM_SUCCESS, TPM_RC_INSUFFICIENT},
		{"9", "tpm:command:size", 9, SVSM_SUCCESS, TPM_RC_COMMAND_SIZE},
		{"10", "tpm:command:size", 10, SVSM_SUCCESS, TPM_RC_COMMAND_SIZE},
		{"11", "tpm:command:size", 11, SVSM_SUCCESS, TPM_RC_COMMAND_SIZE},
		{"12, right", "svsm:8:length", GET_RANDOM_LEN, SVSM_SUCCESS, 0},
		{"13", "tpm:command:size", 13, SVSM_SUCCESS, TPM_RC_COMMAND_SIZE},
		{"4086", "tpm:command:size", VTPM_REQUEST_MAX - 1, SVSM_SUCCESS,
		 TPM_RC_COMMAND_SIZE},
		{"4087, the most", "tpm:command:size", VTPM_REQUEST_MAX, SVSM_SUCCESS,
		 TPM_RC_COMMAND_SIZE},
		{"4088", "svsm:8:length", VTPM_REQUEST_MAX + 1, SVSM_ERR_INVALID_PARAMETER, 0},
		{"4096", "svsm:8:length", PAGE_SIZE, SVSM_ERR_INVALID_PARAMETER, 0},
		{"0x7fffffff", "svsm:8:length", 0x7fffffff, SVSM_ERR_INVALID_PARAMETER, 0},
		{"0xfffffff7", "svsm:8:length", 0xfffffff7, SVSM_ERR_INVALID_PARAMETER, 0},
		{"0xffffffff", "svsm:8:length", 0xffffffff, SVSM_ERR_INVALID_PARAMETER, 0},
	};
	const struct vtpm_response *r = (const struct vtpm_response *)vtpm_page();

	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		static struct tpm_message m;
		bool wrong = rows[i].len != GET_RANDOM_LEN;
		uint64_t rax;

		test_case_of(rows[i].rule, "length %s", rows[i].name);
		rax = request(VTPM_CMD_SEND_COMMAND, 0, rows[i].len);
		/* an SVSM may refuse what its TPM would refuse */
		CHECK_ANSWER(rax, rows[i].rax, wrong ? SVSM_ERR_INVALID_PARAMETER : rows[i].rax);
		if (rax != SVSM_SUCCESS)
			continue;
		m.len = MIN(r->len, (uint32_t)sizeof(m.data));
		memcpy(m.data, r->data, m.len);
		CHECK_EQ(tpm_code(&m), rows[i].code);
	}
	still_works();
}

TEST(header_size, "header-size", "a TPM header that says another size gets COMMAND_SIZE",
     "tpm:command:size tpm:command:tag tpm:command:code")
{
	static const uint32_t sizes[] = {0, 1, 9, 10, 11, 13, 0x1000, 0x7fffffff, 0xffffffff};
	static struct tpm_message c;

	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		test_case_of("tpm:command:size", "size 0x%x", sizes[i]);
		tpm_build(&c, "0000017b 0008");
		for (unsigned k = 0; k < 4; k++)
			c.data[2 + k] = (uint8_t)(sizes[i] >> (24 - 8 * k));
		CHECK_EQ(vtpm_send(0, &c, tpm_response()), TPM_RC_COMMAND_SIZE);
	}
	test_case_of("tpm:command:tag", "bad tag");
	tpm_build(&c, "0000017b 0008");
	c.data[1] = 0x14; /* TPM_ST_ATTEST_NV */
	CHECK_EQ(vtpm_send(0, &c, tpm_response()), TPM_RC_BAD_TAG);
	test_case_of("tpm:command:code", "unknown command codes");
	CHECK_EQ(tpm(0, "00000000"), TPM_RC_COMMAND_CODE);
	CHECK_EQ(tpm(0, "000001ff"), TPM_RC_COMMAND_CODE);
	CHECK_EQ(tpm(0, "20000001"), TPM_RC_COMMAND_CODE);
	CHECK_EQ(tpm(0, "ffffffff"), TPM_RC_COMMAND_CODE);
	still_works();
}

/* Part 3, 17: Hash takes up to MAX_DIGEST_BUFFER; here the command is as long as it may be. */
TEST(longest, "longest", "a command that fills the page to its last byte reaches the TPM whole",
     "svsm:8:length")
{
	static struct tpm_message c;
	uint32_t most;

	vtpm_fresh();
	/* TPM_PT_MAX_COMMAND_SIZE and TPM_PT_MAX_RESPONSE_SIZE: no more than a page carries */
	for (uint32_t property = 0x11e; property <= 0x11f; property++) {
		REQUIRE_EQ(tpm(0, "0000017a 00000006 %4 00000001", property), 0);
		most = (uint32_t)tpm_get(tpm_response(), 10 + 1 + 4 + 4 + 4, 4);
		CHECK_LE(most, VTPM_REQUEST_MAX);
		CHECK_GE(most, 1024);
	}
	tpm_build(&c, "0000017d [ %z ] 000b 40000007 %z", 1024,
		  VTPM_REQUEST_MAX - 10 - 2 - 1024 - 6);
	CHECK_EQ(c.len, VTPM_REQUEST_MAX);
	CHECK_EQ(vtpm_send(0, &c, tpm_response()), 0x095); /* TPM_RC_SIZE: trailing bytes */
	tpm_build(&c, "0000017d [ %z ] 000b 40000007", 1024);
	CHECK_EQ(vtpm_send(0, &c, tpm_response()), 0);
}

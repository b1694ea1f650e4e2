/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Mutated TPM commands and request pages through the real protocol. No specification has a rule for
 * each input: whatever comes, the SVSM answers by 58019 (table 4), the TPM by a response that is
 * well formed, and both go on. Runs are deterministic: each test has its own start for the random
 * numbers, and the TPM goes back to one snapshot every RESET_EVERY inputs. Seeds and rules of
 * mutation are the host fuzzer's (tests/fuzz, mutate.h).
 */
#include "bare/core/calls.h"
#include "bare/vtpmfuzz/mutate.h"
#include "bare/vtpmfuzz/tpm_record.h"
#include "seeds.h"
#include "bare/lib/test.h"
#include "bare/lib/vtpm.h"
#include "lib/string.h"

#define INPUTS      10000 /* commands and pages a test; there are ten */
#define RESET_EVERY 100
#define SLOW_ONE_IN 16 /* slow commands that are really sent */
#define R           10

static struct mutate_rng rng;
static struct tpm_message command;
static uint32_t snapshot_len;
static struct {
	uint32_t commands, pages, slow, accepted, refused, left_out;
} counts;

/* ---- the TPM's state ---- */

/*
 * A TPM that has objects, sessions and NV indices, so that mutated handles hit something: the first
 * seed's commands make them.
 */
static void run_setup(void)
{
	struct tpm_message *response = tpm_response();
	struct record r;
	size_t at = 0;

	vtpm_fresh();
	vtpm_reset();
	response->len = 0;
	while (record_next(seeds[0].data, seeds[0].size, &at, &r)) {
		uint32_t code;

		command.len = record_compose(&r, response->data, response->len, command.data);
		code = vtpm_send(r.locality, &command, response);
		CHECK(code == 0 || code == TPM_RC_RETRY);
	}
}

static void snapshot(void)
{
	struct svsm_call c = {0};

	REQUIRE_EQ(vtpm_test(KLST(VTPM_SAVE), &c), SVSM_SUCCESS);
	snapshot_len = (uint32_t)c.rcx;
}

/* The SVSM still has the blob that snapshot() made. */
static void restore(void)
{
	struct svsm_call c = {.rcx = snapshot_len};

	REQUIRE_EQ(vtpm_test(KLST(VTPM_LOAD), &c), SVSM_SUCCESS);
}

/*
 * How often the SVSM has restarted the TPM's service. Without this a TPM that dies and comes back
 * would go unnoticed.
 */
static uint64_t restarts(void)
{
	struct svsm_call c = {0};

	REQUIRE_EQ(vtpm_test(SVSM_CALL(SVSM_PROTO_TEST, SVSM_TEST_STATS), &c), SVSM_SUCCESS);
	return c.r9;
}

static void still_works(void)
{
	CHECK_EQ(tpm(0, "0000017b 0008"), 0);
	CHECK_EQ(tpm_response()->len, 20);
	CHECK_EQ(tpm(0, "0000017e 00000001 000b 03 010000"), 0);
}

/* ---- inputs ---- */

/* The beginning of the command that broke a rule, for the log. */
static void describe(void)
{
	char hex[2 * 100 + 1];
	uint32_t n = MIN(command.len, 100u);

	for (uint32_t i = 0; i < n; i++) {
		hex[2 * i] = "0123456789abcdef"[command.data[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[command.data[i] & 15];
	}
	hex[2 * n] = 0;
	test_log("the command, %u bytes: %s", command.len, hex);
}

/*
 * Sends the command, which must get a well-formed answer. Slow ones (RSA keys, self-tests) are
 * mostly left out, or the run would take hours.
 */
static void send(uint8_t locality)
{
	uint32_t code;

	if (record_is_slow(command.data, command.len)) {
		if (mutate_below(&rng, SLOW_ONE_IN)) {
			counts.left_out++;
			tpm_response()->len = 0;
			return;
		}
		counts.slow++;
	}
	code = vtpm_send(locality, &command, tpm_response());
	counts.commands++;
	counts.accepted += code == 0;
	if (!CHECK(code != VTPM_REFUSED && code != TPM_MALFORMED && code != TPM_RC_RETRY &&
		   (code != TPM_RC_FAILURE || record_may_fail(command.data, command.len))))
		describe();
}

/* A seed's commands, most of them mutated. Each may use a part of the response before it. */
static void send_seed(void)
{
	unsigned from = mutate_below(&rng, 4) ? SEEDS_WRITTEN : ARRAY_LEN(seeds);
	const struct record_seed *s = &seeds[1 + mutate_below(&rng, from - 1)];
	struct tpm_message *response = tpm_response();
	struct record r;
	size_t at = 0;

	response->len = 0;
	while (record_next(s->data, s->size, &at, &r)) {
		command.len = record_compose(&r, response->data, response->len, command.data);
		if (mutate_below(&rng, 8))
			command.len =
				mutate_command(&rng, command.data, command.len, VTPM_REQUEST_MAX);
		send(mutate_below(&rng, 8) ? r.locality : (uint8_t)mutate_below(&rng, 5));
	}
}

/* Mostly a page of the test's own, at any offset; else one that the SVSM must refuse. */
static uint64_t some_address(void)
{
	const struct bad_address *bad = calls_bad_addresses();
	unsigned n = 0;

	if (mutate_below(&rng, 4))
		return MEM_PAGE(R, 1) + mutate_below(&rng, PAGE_SIZE);
	while (bad[n].name)
		n++;
	n = mutate_below(&rng, n + 2);
	if (n > 1)
		return bad[n - 2].gpa + mutate_below(&rng, PAGE_SIZE);
	return n ? (uint64_t)percpu()->caa : calls_unvalidated();
}

static uint32_t some_length(void)
{
	static const uint32_t lengths[] = {0,    1,    9,    10,   11,  12,
					   4086, 4087, 4088, 4096, ~0u, 1u << 31};

	return mutate_below(&rng, 2) ? lengths[mutate_below(&rng, ARRAY_LEN(lengths))]
				     : mutate_random(&rng) >> mutate_below(&rng, 32);
}

/* RAX is one that 58019 allows for the call, and a response is a TPM's. */
static void send_page(void)
{
	uint64_t at = some_address(), rax;
	bool mine = at >= MEM_REGION(R) && at < MEM_REGION(R + 1);
	struct vtpm_request head = {
		.command = mutate_below(&rng, 4) ? VTPM_CMD_SEND_COMMAND : mutate_below(&rng, 64),
		.locality = (uint8_t)(mutate_below(&rng, 4) ? mutate_below(&rng, 5)
							    : mutate_random(&rng)),
		.len = some_length(),
	};
	const struct vtpm_response *r = (const struct vtpm_response *)at;

	if (mine)
		memcpy((void *)at, &head, sizeof(head));
	rax = vtpm_call(at);
	counts.pages++;
	if (rax == SVSM_SUCCESS && CHECK(mine) && CHECK_LE(r->len, VTPM_RESPONSE_MAX)) {
		tpm_response()->len = r->len;
		memcpy(tpm_response()->data, r->data, r->len);
		CHECK_NE(tpm_code(tpm_response()), TPM_MALFORMED);
		CHECK_NE(tpm_code(tpm_response()), TPM_RC_FAILURE);
		return;
	}
	counts.refused++;
	CHECK(rax == SVSM_SUCCESS || rax == SVSM_ERR_INVALID_ADDRESS ||
	      rax == SVSM_ERR_INVALID_PARAMETER);
}

static void progress(void)
{
	test_log("%u commands, %u accepted, %u slow, %u more left out; %u pages, %u refused",
		 counts.commands, counts.accepted, counts.slow, counts.left_out, counts.pages,
		 counts.refused);
}

/*
 * One test. A failure can be repeated: the random numbers start at a value that depends on the part
 * alone.
 */
static void fuzz(unsigned part)
{
	uint64_t deaths = restarts();
	uint32_t resets = 0;

	rng.state = 0x9e3779b97f4a7c15ull * (part + 1);
	memset(&counts, 0, sizeof(counts));
	test_log("random numbers start at 0x%llx", (unsigned long long)rng.state);
	run_setup();
	snapshot();
	while (counts.commands + counts.pages < INPUTS) {
		if ((counts.commands + counts.pages) / RESET_EVERY > resets) {
			resets++;
			progress();
			still_works();
			restore();
		}
		if (mutate_below(&rng, 2))
			send_seed();
		else
			send_page();
	}
	progress();
	still_works();
	CHECK_EQ(tpm(0, "00000143 01"), 0); /* SelfTest of all */
	CHECK_EQ(restarts(), deaths);
	restore();
	CHECK(calls_region_intact(R));
}

#define PART(n)                                                                                    \
	TEST(part_##n, "fuzz-" #n, "10,000 mutated commands and request pages", "keelson:hostile") \
	{                                                                                          \
		fuzz(n);                                                                           \
	}
PART(0)
PART(1)
PART(2)
PART(3)
PART(4)
PART(5)
PART(6)
PART(7)
PART(8)
PART(9)

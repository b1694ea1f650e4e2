/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Two vCPUs at once: one rewrites or rescinds the page in which the other's request lies, or both
 * have commands of their own. An SVSM that looked at a field twice would give an answer that fits
 * neither version of the request. 58019, 5 (a fault is INVALID_ADDRESS); docs/vtpm.md, "The
 * protocol": each byte of a request is read once, and an answer goes to one client.
 */
#include "bare/vtpm/common.h"
#include "bare/core/calls.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define R       7
#define CALLS   10000
#define SECONDS 12 /* machines are slow: a race ends after about that long */

static volatile bool over;
static uint8_t *page; /* of the region; set by who begins */
static struct {
	uint32_t good, retried, refused, odd;
} seen;

/* ---- a field of the request changes while it is read ---- */

/* A field that alternates between two values, and how a call ends that saw the second one. */
struct field {
	const char *name;
	uint32_t offset; /* in the page */
	uint8_t bytes;   /* 1, 2 or 4 */
	uint32_t values[2];
	uint64_t rax;  /* with the second value */
	uint32_t code; /* ... and, if SUCCESS, this */
	uint32_t len;  /* ... of the response */
};

static const struct field fields[] = {
	{"platform command", 0, 4, {8, 0xffffffff}, SVSM_ERR_INVALID_PARAMETER, 0, 0},
	{"locality", 4, 1, {0, 255}, SVSM_ERR_INVALID_PARAMETER, 0, 0},
	{"length, too long", 5, 4, {12, 0xffffffff}, SVSM_ERR_INVALID_PARAMETER, 0, 0},
	{"length, short", 5, 4, {12, 1}, SVSM_SUCCESS, TPM_RC_INSUFFICIENT, 10},
	{"bytes wanted", 9 + 10 + 1, 1, {8, 24}, SVSM_SUCCESS, 0, 36},
	{"command code", 9 + 9, 1, {0x7b, 0xff}, SVSM_SUCCESS, TPM_RC_COMMAND_CODE, 10},
	{"tag", 9 + 1, 1, {1, 0x77}, SVSM_SUCCESS, TPM_RC_BAD_TAG, 10},
	{"size", 9 + 5, 1, {12, 13}, SVSM_SUCCESS, TPM_RC_COMMAND_SIZE, 10},
};

static void set_field(const struct field *f, uint32_t v)
{
	uint8_t *at = page + f->offset;

	if (f->bytes == 4)
		*(volatile uint32_t *)at = v; /* one store: not aligned, but inside a cache line */
	else
		*(volatile uint8_t *)at = (uint8_t)v;
}

static void rewrite(void *arg)
{
	const struct field *f = arg;

	for (unsigned i = 0; !over; i++)
		set_field(f, f->values[i & 1]);
}

/* The other vCPU writes over the response's head, too: only what it leaves alone counts. */
static void judge(const struct field *f, uint64_t rax)
{
	uint32_t len = *(volatile uint32_t *)page;

	if (rax == SVSM_SUCCESS && f->offset >= 4 && (len == 20 || len == f->len || len == 10))
		seen.good++;
	else if (rax == SVSM_SUCCESS && f->offset < 4)
		seen.good++; /* the other vCPU wrote over the length */
	else if (rax == f->rax && rax != SVSM_SUCCESS)
		seen.refused++;
	else
		seen.odd++;
}

static void race_field(const struct field *f)
{
	static struct tpm_message c;
	uint64_t end = rdtsc() + smp_ticks(SECONDS) / (2 * ARRAY_LEN(fields));

	memset(&seen, 0, sizeof(seen));
	tpm_build(&c, "0000017b 0008");
	over = false;
	smp_run(rewrite, (void *)f);
	for (unsigned i = 0; i < CALLS / ARRAY_LEN(fields) && rdtsc() < end; i++) {
		vtpm_request(page, VTPM_CMD_SEND_COMMAND, 0, c.len, c.data, c.len);
		judge(f, vtpm_call((uint64_t)page));
	}
	over = true;
	CHECK(smp_wait(20));
	test_log("%s: %u answered, %u refused", f->name, seen.good, seen.refused);
	CHECK_EQ(seen.odd, 0);
	CHECK_NE(seen.good + seen.refused, 0);
}

TEST(rewritten, "race-rewritten",
     "another vCPU rewrites the request during the call: answers fit one version of it",
     "keelson:copy-once")
{
	page = (uint8_t *)MEM_PAGE(R, 1);
	vtpm_fresh();
	smp_start();
	for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
		test_case("%s", fields[i].name);
		race_field(&fields[i]);
		still_works();
	}
}

/* ---- the page comes and goes ---- */

/*
 * In rounds, because the guest itself must not touch a page that another vCPU rescinds: between the
 * RMPADJUST that takes the rights and PVALIDATE that is a nested page fault (58019, 6.2).
 */
static void take_away(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++) {
		smp_meet();
		vmpl_page_validate((uint64_t)page, false);
		vmpl_page_validate((uint64_t)page, true);
	}
}

/* A page that was validated again meanwhile is zero: platform command 0. */
static void ask_once(void)
{
	uint64_t rax = vtpm_call((uint64_t)page);

	if (rax == SVSM_SUCCESS)
		seen.good++;
	else if (rax == SVSM_ERR_INVALID_ADDRESS || rax == SVSM_ERR_INVALID_PARAMETER)
		seen.refused++;
	else
		seen.odd++;
}

TEST(rescinded, "race-rescinded",
     "another vCPU rescinds and validates the page during the call: served or refused",
     "keelson:copy-once svsm:5:fault")
{
	static struct tpm_message c;

	page = (uint8_t *)MEM_PAGE(R, 1);
	vtpm_fresh();
	smp_start();
	tpm_build(&c, "0000017b 0008");
	memset(&seen, 0, sizeof(seen));
	smp_race(CALLS, SECONDS);
	smp_run(take_away, NULL);
	for (unsigned i = 0; smp_round(i); i++) {
		vtpm_request(page, VTPM_CMD_SEND_COMMAND, 0, c.len, c.data, c.len);
		smp_meet();
		ask_once();
	}
	CHECK(smp_wait(20));
	test_log("%u answered, %u refused", seen.good, seen.refused);
	CHECK_EQ(seen.odd, 0);
	CHECK_NE(seen.refused, 0);
	CHECK(calls_region_intact(R));
	still_works();
}

/* ---- two commands at once ---- */

struct side {
	uint32_t answered, retried, odd;
	uint32_t values;
	uint64_t random[512];
};
static struct side sides[2];

/* One vCPU asks GetRandom for 8 bytes, the other for 24: a response's length tells whose it is. */
static void one_of_two(unsigned bytes)
{
	struct side *s = &sides[percpu_index()];
	static struct tpm_message c[2], r[2];
	unsigned me = percpu_index();
	uint32_t code;

	tpm_build(&c[me], "0000017b %2", bytes);
	code = vtpm_once(0, &c[me], &r[me]);
	if (code == TPM_RC_RETRY)
		s->retried++;
	else if (code != 0 || r[me].len != 12 + bytes || tpm_get(&r[me], 10, 2) != bytes)
		s->odd++;
	else {
		s->answered++;
		s->random[s->values++ % ARRAY_LEN(s->random)] = tpm_get(&r[me], 12, 8);
	}
}

static void two_lengths(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++)
		one_of_two(percpu_index() ? 24 : 8);
}

static void same_length(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++)
		one_of_two(8);
}

static void both(void (*fn)(void *arg))
{
	vtpm_fresh();
	memset(sides, 0, sizeof(sides));
	smp_start();
	smp_race(CALLS / 10, SECONDS);
	smp_run(fn, NULL);
	fn(NULL);
	CHECK(smp_wait(60));
	CHECK(!smp_dead());
	for (unsigned i = 0; i < 2; i++) {
		test_log("vCPU %u: %u answered, %u to try again", i, sides[i].answered,
			 sides[i].retried);
		CHECK_EQ(sides[i].odd, 0);
		CHECK_EQ(sides[i].answered + sides[i].retried, smp_rounds());
		CHECK_NE(sides[i].answered, 0);
	}
	still_works();
}

TEST(two_commands, "race-two-commands",
     "two vCPUs, two commands: each gets its own answer or RETRY", "keelson:vtpm:own-answer")
{
	both(two_lengths);
}

TEST(one_command, "race-same-command",
     "two vCPUs, the same bytes: each answer goes to one of them, never to both",
     "keelson:vtpm:own-answer")
{
	unsigned twice = 0;

	both(same_length);
	for (unsigned i = 0; i < MIN(sides[0].values, ARRAY_LEN(sides[0].random)); i++) {
		for (unsigned k = 0; k < MIN(sides[1].values, ARRAY_LEN(sides[1].random)); k++)
			twice += sides[0].random[i] == sides[1].random[k];
	}
	CHECK_EQ(twice, 0);
}

/* The other vCPU extends PCR 18 at locality 3, which is allowed; at our locality 0 it is not. */
static void extend_high(void *arg)
{
	(void)arg;
	while (!over) {
		uint32_t code = pcr_extend(3, 18);

		sides[1].answered += code == 0;
		sides[1].odd += code != 0;
	}
}

TEST(two_localities, "race-localities",
     "two vCPUs at two localities: neither gets the other's rights", "tpm:locality:own")
{
	uint32_t codes[2] = {0, 0};

	vtpm_fresh();
	memset(sides, 0, sizeof(sides));
	smp_start();
	over = false;
	smp_run(extend_high, NULL);
	for (unsigned i = 0; i < 500; i++)
		codes[pcr_extend(0, 18) == TPM_RC_LOCALITY]++;
	over = true;
	CHECK(smp_wait(60));
	CHECK_EQ(codes[0], 0);
	CHECK_EQ(codes[1], 500);
	CHECK_EQ(sides[1].odd, 0);
	CHECK_NE(sides[1].answered, 0);
}

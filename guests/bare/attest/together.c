/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Two vCPUs: both ask at once, one changes what the other has asked, or has the TPM and the core
 * protocol work meanwhile. 58019, 5: calls of other vCPUs go on. An SVSM that read a field twice
 * would give an answer that fits neither version of the request.
 */
#include "bare/attest/ask.h"
#include "bare/lib/smp.h"
#include "bare/lib/vmpl.h"
#include "bare/lib/vtpm.h"
#include "lib/string.h"

#define ROUNDS  40
#define SECONDS 20

static volatile bool over;

/* ---- both ask ---- */

static void ask_often(void *arg)
{
	unsigned *good = arg;

	for (unsigned i = 0; i < 10; i++) {
		struct ask a = i % 2 ? ask_services() : ask_vtpm(0);

		*(uint8_t *)a.op.op.nonce.gpa = (uint8_t)(i * 2 + percpu_index());
		*good += ask_send(&a) == SVSM_SUCCESS &&
			 ask_data_is(&a, (void *)a.op.op.nonce.gpa, 64);
	}
}

TEST(both, "together", "two vCPUs ask at once: each gets the answer to its own request",
     "svsm:7:report keelson:attest:others")
{
	unsigned good[2] = {0};

	smp_start();
	smp_run(ask_often, &good[1]);
	ask_often(&good[0]);
	REQUIRE(smp_wait(300));
	CHECK_EQ(good[0], 10);
	CHECK_EQ(good[1], 10);
}

/* ---- the other one changes the request ---- */

static struct ask *victim;

/* Two values of the nonce that differ in one byte, so that no mixture of them exists. */
static void change_nonce(void *arg)
{
	volatile uint8_t *byte = (volatile uint8_t *)victim->op.op.nonce.gpa;

	(void)arg;
	while (!over)
		*byte ^= 0xff;
}

static bool fits_either(const struct ask *a)
{
	uint8_t nonce[64];

	memcpy(nonce, (void *)a->op.op.nonce.gpa, sizeof(nonce));
	nonce[0] = 0x80;
	if (ask_data_is(a, nonce, sizeof(nonce)))
		return true;
	nonce[0] ^= 0xff;
	return ask_data_is(a, nonce, sizeof(nonce));
}

TEST(nonce, "race-nonce", "a nonce that changes during the call is read once", "svsm:7:nonce")
{
	struct ask a = ask_vtpm(0);

	smp_start();
	victim = &a;
	over = false;
	smp_run(change_nonce, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		CHECK_EQ(ask_send(&a), SVSM_SUCCESS);
		CHECK(fits_either(&a));
	}
	over = true;
	CHECK(smp_wait(60));
}

/* Where the report goes: to a page of the guest's, and to one of the SVSM's. */
static void change_operation(void *arg)
{
	volatile uint64_t *gpa = (volatile uint64_t *)victim->at; /* report.gpa */

	(void)arg;
	while (!over) {
		*gpa = MEM_SVSM;
		*gpa = victim->op.op.report.gpa;
	}
}

TEST(operation, "race-operation", "an operation that changes during the call is read once",
     "svsm:7:operation")
{
	struct ask a = ask_vtpm(0);
	unsigned odd = 0;

	smp_start();
	victim = &a;
	over = false;
	memcpy((void *)a.at, &a.op, sizeof(a.op));
	smp_run(change_operation, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t rax = ask_call(&a);

		if (rax == SVSM_SUCCESS)
			odd += !ask_data_is(&a, (void *)a.op.op.nonce.gpa, 64);
		else
			odd += rax != SVSM_ERR_INVALID_ADDRESS &&
			       (rax != SVSM_ERR_INVALID_PARAMETER || scope_own());
	}
	over = true;
	CHECK(smp_wait(60));
	CHECK_EQ(odd, 0);
}

/* The buffers come and go while the SVSM writes to them. */
static void rescind(void *arg)
{
	unsigned *odd = arg;

	while (!over) {
		*odd += !vmpl_page_validate(victim->op.op.manifest.gpa, false);
		*odd += !vmpl_page_validate(victim->op.op.manifest.gpa, true);
	}
}

TEST(rescinded, "race-rescinded",
     "a buffer that is rescinded during the call is refused or written",
     "svsm:5:fault svsm:5:whole")
{
	struct ask a = ask_vtpm(0);
	unsigned odd = 0, others = 0;

	smp_start();
	victim = &a;
	over = false;
	memcpy((void *)a.at, &a.op, sizeof(a.op));
	smp_run(rescind, &odd);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t rax = ask_call(&a);

		others += rax != SVSM_SUCCESS && rax != SVSM_ERR_INVALID_ADDRESS &&
			  (rax != SVSM_ERR_INVALID_PARAMETER || scope_own());
	}
	over = true;
	CHECK(smp_wait(60));
	CHECK_EQ(others, 0);
	CHECK_EQ(odd, 0);
	ask_succeeds(&a);
}

/* ---- others are served meanwhile ---- */

static volatile bool answered;

static void ask_once(void *arg)
{
	struct ask a = ask_vtpm(0);

	*(uint64_t *)arg = ask_send(&a);
	answered = true;
}

/* tests/integration/test_attest_svsm.py has the processor answer late, and looks at the figures. */
TEST(meanwhile, "meanwhile",
     "core protocol and TPM serve other vCPUs while one waits for its report",
     "keelson:attest:others")
{
	uint64_t rax = ~0ull;
	unsigned core = 0, commands = 0;
	uint32_t code;

	smp_start();
	code = tpm(0, "00000144 0000");
	if (code != TPM_RC_INITIALIZE)
		REQUIRE_EQ(code, 0);
	answered = false;
	smp_run(ask_once, &rax);
	do {
		struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

		CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
		CHECK_EQ(tpm(0, "0000017b 0008"), 0);
		core += !answered;
		commands += !answered;
	} while (!answered && commands < 100000);
	CHECK(smp_wait(300));
	CHECK_EQ(rax, SVSM_SUCCESS);
	test_info("attest_core_meanwhile", "%u", core);
	test_info("attest_tpm_meanwhile", "%u", commands);
}

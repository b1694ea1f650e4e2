/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* TPM commands through the SVSM's vTPM protocol (58019, 8), repeated while the answer is RETRY. */
#include "bare/lib/vtpm.h"
#include "bare/lib/scope.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "base/x86.h"
#include "lib/string.h"

#define PATIENCE 300 /* seconds, generously counted: a busy machine takes long for an RSA key */

static uint8_t pages[PERCPU_COUNT][PAGE_SIZE] ALIGNED(4096);
static struct tpm_message commands[PERCPU_COUNT], responses[PERCPU_COUNT];

uint8_t *vtpm_page(void)
{
	return pages[percpu_index()];
}

struct tpm_message *tpm_response(void)
{
	return &responses[percpu_index()];
}

void vtpm_request(uint8_t *page, uint32_t command, uint8_t locality, uint32_t len, const void *data,
		  uint32_t data_len)
{
	struct vtpm_request *r = (struct vtpm_request *)page;

	r->command = command;
	r->locality = locality;
	r->len = len;
	memcpy(r->data, data, MIN(data_len, (uint32_t)VTPM_REQUEST_MAX));
}

/* 58019, 5: INCOMPLETE and BUSY ask for the same call again. This project's SVSM gives them to
 * firmware only. */
uint64_t vtpm_call(uint64_t page)
{
	struct patience p = smp_patience(PATIENCE);
	uint64_t rax;

	do
		rax = svsm(VTPM(COMMAND), page, 0, 0, 0);
	while (!scope_own() && (rax == SVSM_ERR_INCOMPLETE || rax == SVSM_ERR_BUSY) &&
	       !smp_patience_over(&p));
	return rax;
}

/* The length is the SVSM's word, so it is bounded before it is used. */
static void take_response(const uint8_t *page, struct tpm_message *response)
{
	const struct vtpm_response *r = (const struct vtpm_response *)page;

	response->len = MIN(r->len, (uint32_t)VTPM_RESPONSE_MAX);
	memcpy(response->data, r->data, response->len);
}

uint32_t vtpm_once(uint8_t locality, const struct tpm_message *c, struct tpm_message *response)
{
	uint8_t *page = vtpm_page();

	vtpm_request(page, VTPM_CMD_SEND_COMMAND, locality, c->len, c->data, c->len);
	if (vtpm_call((uint64_t)page) != SVSM_SUCCESS)
		return VTPM_REFUSED;
	take_response(page, response);
	return tpm_code(response);
}

/* About 2 ms: the pause between two attempts at a command. */
void vtpm_pause(void)
{
	uint64_t end = rdtsc() + smp_ticks(1) / 500;

	while (rdtsc() < end)
		cpu_relax();
}

/*
 * Sends the same bytes until there is an answer other than RETRY, or patience ends: then the caller
 * sees the RETRY.
 */
uint32_t vtpm_send(uint8_t locality, const struct tpm_message *c, struct tpm_message *response)
{
	struct patience p = smp_patience(PATIENCE);
	uint32_t code;

	while ((code = vtpm_once(locality, c, response)) == TPM_RC_RETRY && !smp_patience_over(&p))
		vtpm_pause();
	return code;
}

uint32_t tpm(uint8_t locality, const char *text, ...)
{
	struct tpm_message *c = &commands[percpu_index()];
	va_list ap;

	va_start(ap, text);
	tpm_vbuild(c, text, ap);
	va_end(ap);
	return vtpm_send(locality, c, tpm_response());
}

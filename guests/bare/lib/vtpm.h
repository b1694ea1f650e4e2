/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's vTPM protocol (abi/vtpm.h) from VMPL2, and the test protocol that moves its TPM about.
 * Each vCPU has a page for requests and a message for the last response.
 */
#include "bare/lib/svsm.h"
#include "bare/lib/tpm.h"

#define VTPM(call)   SVSM_CALL(SVSM_PROTO_VTPM, SVSM_VTPM_##call)
#define KLST(call)   SVSM_CALL(SVSM_PROTO_TEST, SVSM_TEST_##call)
#define VTPM_REFUSED 0xfffffffeu /* the call itself failed */

uint8_t *vtpm_page(void); /* this vCPU's */

/* A request of any sort in a page; data up to the page's end is copied. */
void vtpm_request(uint8_t *page, uint32_t command, uint8_t locality, uint32_t len, const void *data,
		  uint32_t data_len);
/* The COMMAND call on that page: RAX. */
uint64_t vtpm_call(uint64_t page);

/* One attempt to send a command: the response's code (TPM_RC_RETRY when it is not ready), or
 * VTPM_REFUSED, or TPM_MALFORMED. */
uint32_t vtpm_once(uint8_t locality, const struct tpm_message *command,
		   struct tpm_message *response);
/* The same bytes again while the answer is RETRY, for some minutes. */
uint32_t vtpm_send(uint8_t locality, const struct tpm_message *command,
		   struct tpm_message *response);

/* A command as text (tpm.h), sent until it is done: the response's code. */
uint32_t tpm(uint8_t locality, const char *text, ...);
/* This vCPU's last response by tpm(). */
struct tpm_message *tpm_response(void);

/* A call of the test protocol, repeated while it is BUSY or INCOMPLETE: RAX; *c has the rest. */
uint64_t vtpm_test(uint64_t call, struct svsm_call *c);
/* Power off and on. */
void vtpm_reset(void);
/* Power cycle, Startup(CLEAR), TPM2_Clear: as from the factory but for its seeds. */
void vtpm_fresh(void);
void vtpm_pause(void); /* some milliseconds */

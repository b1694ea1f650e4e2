/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* clang-format off
 *
 * vTPM protocol (2), version 1: SVSM specification (58019), chapter 8. RAX of each call:
 *
 * every call      UNSUPPORTED_CALL   no such call in the protocol
 * QUERY           SUCCESS            RCX: bit 8, TPM_SEND_COMMAND; RDX: 0, no features
 * COMMAND         INVALID_ADDRESS    the request, or the page its response goes to, is not validated
 *                                    guest memory; a VMSA or a calling area; deposited memory
 *                 INVALID_PARAMETER  platform command other than 8 (power, physical presence,
 *                                    _TPM_Hash_*, cancel, NV: a guest has no such wires);
 *                                    locality above 4 (1 to 4 are ours: vtpm_request.c); length above
 *                                    4087, the rest of a page
 *                 INCOMPLETE         firmware only (vtpm_boot.h): not done yet; the page is as it was,
 *                                    and the same call goes on
 *                 SUCCESS            there is a TPM response in the page
 *
 * RCX may have any alignment and the buffer may cross into a second page, as EDK II's static buffer
 * once did. 9 bytes are read, then as many as the length says, each once; the response is written
 * once, at the end. What the TPM itself has to say is in the response:
 *
 *	not a TPM command          the TPM's own words: TPM_RC_INSUFFICIENT, TPM_RC_COMMAND_SIZE, ...
 *	                           (shorter than its header, or header and length differ)
 *	not done yet               TPM_RC_RETRY: send the very same bytes again, at the same locality
 *	another command under way  TPM_RC_RETRY; nothing was begun
 *	the TPM died over it       TPM_RC_FAILURE
 *	no answer, or too long     TPM_RC_FAILURE
 *
 * When the answer cannot be written (INVALID_ADDRESS: the page went away meanwhile) it is kept, and
 * the same command again collects it.
 *
 * clang-format on */
#include "base/types.h"

struct service_request;

/* What SVSM_TEST_STATS gives. */
struct vtpm_stats {
	uint64_t calls, retries;
	uint64_t longest; /* TSC ticks of the longest COMMAND call */
};

struct vtpm_stats vtpm_stats(void);

/* For tests: somebody replaced the TPM's state. Throw away an answer that no client has collected.
 */
void vtpm_forget(void);

/* How long until the guest has left the TPM alone for ns, in ns; UINT64_MAX: it has never used it.
 * LOCK_VTPM is taken inside. */
uint64_t vtpm_rest_left(uint64_t ns);

/*
 * A request of another part of the SVSM to the vTPM's program, between the guest's commands. NULL:
 * it is submitted (user/service/service.h). Else what goes before it, to which the caller may lend
 * its CPU: the TPM's start, or a command. LOCK_VTPM is taken inside.
 */
struct service_request *vtpm_submit(struct service_request *r);

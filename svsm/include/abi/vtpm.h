/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The vTPM protocol (2): SVSM specification (58019), chapter 8. The platform commands are those of
 * the TPM 2.0 reference implementation's simulator (TpmTcpProtocol.h). */
#include "base/types.h"

#define SVSM_VTPM_QUERY       0 /* out: RCX bit n: platform command n is there; RDX: features, 0 */
#define SVSM_VTPM_COMMAND     1 /* RCX: page that holds the request, and then the response */

#define VTPM_CMD_SEND_COMMAND 8

/* The request in the page. A platform command without parameters is its first four bytes. */
struct vtpm_request {
	uint32_t command;
	uint8_t locality;
	uint32_t len;
	uint8_t data[];
} PACKED;
ABI_SIZE(struct vtpm_request, 9, "SVSM table 16: TPM_SEND_COMMAND request");

struct vtpm_response {
	uint32_t len;
	uint8_t data[];
} PACKED;

#define VTPM_REQUEST_MAX  (PAGE_SIZE - 9)
#define VTPM_RESPONSE_MAX (PAGE_SIZE - 4)

/* TPM 2.0 Library, part 2: what the protocol itself has to know of a TPM message (big endian). */
#define TPM_ST_NO_SESSIONS 0x8001
#define TPM_RC_FAILURE     0x101
#define TPM_RC_RETRY       0x922
struct tpm_header {
	uint16_t tag;
	uint32_t size; /* of the whole message */
	uint32_t code; /* command or response code */
} PACKED;
ABI_SIZE(struct tpm_header, 10, "TPM 2.0 part 3, 5.1: message header");

/*
 * Test builds only (LAUNCH_FLAG_TEST): a protocol of our own, far from any number the specification
 * uses, by which a suite moves a TPM's state about. RCX: address of a page (page aligned); RDX:
 * offset in the blob. RAX: INCOMPLETE: not done yet, call again with the same registers; BUSY: a
 * command or another of these is under way, call again; INVALID_REQUEST: the TPM says no;
 * INVALID_ADDRESS, INVALID_PARAMETER: the page, an offset or a length.
 */
#define SVSM_PROTO_TEST 0x4b4c5354u /* "KLST" */
_Static_assert(SVSM_PROTO_TEST<0x80000000u || SVSM_PROTO_TEST> 0x8000ffffu,
	       "SVSM table 3: these are AMD's reference implementation's");
/* clang-format off */
#define SVSM_TEST_VTPM_SAVE  0 /* take a snapshot; RCX out: its length */
#define SVSM_TEST_VTPM_GET   1 /* copy up to a page of it from offset RDX to page RCX; RCX out: bytes */
#define SVSM_TEST_VTPM_PUT   2 /* copy R8 bytes (at most a page) from page RCX to offset RDX */
#define SVSM_TEST_VTPM_LOAD  3 /* RCX: length; the TPM goes on from the snapshot that was put */
#define SVSM_TEST_VTPM_RESET 4 /* power cycle */
#define SVSM_TEST_VTPM_KILL  5 /* the service dies as if it had faulted, at its next instruction */
#define SVSM_TEST_VTPM_EK    6 /* RDX: enum vtpm_key; page RCX gets the TPM2B_PUBLIC; RCX out: bytes */
#define SVSM_TEST_STATS      7 /* RCX out: calls, RDX: RETRY answers, R8: longest call in ns, R9: restarts */
#define SVSM_TEST_HOST_PAGE  8 /* RCX: number of a CPU; RCX out: the shared page by which it asks the host */
/* clang-format on */

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Requests for attestation: 58019, chapter 7, tables 10 to 13. A test takes a good one, spoils what
 * it is about, and sends it. Each vCPU has buffers of its own, filled anew for each request, so
 * that what the SVSM wrote can be told from what it left alone.
 */
#include "abi/attest.h"
#include "bare/attest/sha512.h"
#include "bare/core/calls.h"

#define R           5 /* the region that all of them lie in */
#define ATTEST(c)   SVSM_CALL(SVSM_PROTO_ATTEST, SVSM_ATTEST_##c)
#define REPORT_SIZE 0x4a0 /* 56860, table 23 */
#define FILLER      0x5a
#define RDX_BEFORE  (~0ull) /* as Linux calls: it sees by that whether a length was told */
#define R8_BEFORE   (~0ull)
#define R9_BEFORE   0x1122334455667788ull

/* Pages of a vCPU's half of the region. What lies between them is the guest's too. */
enum {
	PAGE_REPORT = 0,
	PAGE_MANIFEST = 8,
	PAGE_CERTIFICATES = 16,
	PAGE_OPERATION = 48,
	PAGE_NONCE = 52,
	PAGE_WARM = 56,
	PAGE_SPARE = 64,
	PAGE_LOST = 128, /* those are not given back */
	PAGE_HALF = 256
};

#define REPORT_ROOM       PAGE_SIZE
#define MANIFEST_ROOM     (2 * PAGE_SIZE)
#define CERTIFICATES_ROOM (8 * PAGE_SIZE)

struct ask {
	uint64_t call;           /* ATTEST() */
	uint64_t at;             /* where the operation lies */
	struct attest_single op; /* SERVICES takes all but its end */
	struct svsm_call c;      /* the registers afterwards */
	unsigned again;          /* answers INCOMPLETE and BUSY before that */
};

/* A page of this vCPU's, by its number. */
uint64_t ask_page(unsigned page);
/* All services, or the vTPM alone with that version of its manifest; 64 bytes of nonce, no
 * certificates. */
struct ask ask_services(void);
struct ask ask_vtpm(uint32_t version);
void ask_want_certificates(struct ask *a);

/* Writes the operation to a->at, fills the buffers and makes the call until it is answered: RAX.
 * The manifest's keys are made before. */
uint64_t ask_send(struct ask *a);
/* The call alone: whatever lies at a->at. */
uint64_t ask_call(struct ask *a);
/* No byte of the three buffers has changed. */
bool ask_untouched(void);

/* Sends it; the answer has to be `code`, or `also` where an SVSM may be anybody's. Nothing but RAX
 * has changed. */
void ask_refused(struct ask *a, uint64_t code, uint64_t also);
/* Sends it; it succeeds, and the answer is good in itself: lengths, VMPL, hash. */
void ask_succeeds(struct ask *a);
/* What lies in the buffers is such an answer to the request. */
void ask_check_answer(const struct ask *a);
/* The report's REPORT_DATA is the hash of that nonce and the manifest in its buffer. */
bool ask_data_is(const struct ask *a, const void *nonce, size_t size);

/* ---- where the parts lie ---- */

static inline uint8_t *ask_report(void)
{
	return (uint8_t *)ask_page(PAGE_REPORT);
}

static inline uint8_t *ask_manifest(void)
{
	return (uint8_t *)ask_page(PAGE_MANIFEST);
}

static inline uint8_t *ask_certificates(void)
{
	return (uint8_t *)ask_page(PAGE_CERTIFICATES);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Tests of a TPM 2.0 through libtss2-esys. A test is a process of its own on an ESYS context of its
 * own: what the libraries allocate is not freed, it ends with the process, and the runner then
 * flushes objects and sessions and removes what lies at TSS_NV() and TSS_PERSISTENT(), so that a
 * test may stop anywhere. The TPM is the one that TSS_TCTI names ("device:/dev/tpm0" when it names
 * none), without a resource manager: three objects and three loaded sessions at a time.
 *
 * Citations: TPM 2.0 Library 1.59, "part N, section".
 */
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "tools/external.h"

#define TSS_TEST(id, test_name, what)                                                              \
	static void id(void);                                                                      \
	EXTERNAL_TEST(id##_process, test_name, what)                                               \
	{                                                                                          \
		tss_run(id);                                                                       \
	}                                                                                          \
	static void id(void)

/* ---- run.c ---- */
void tss_run(void (*test)(void)); /* in a process of its own; cleans up after it */
NORETURN void tss_stop(void);     /* ends the test: nothing after this would make sense */
bool tss_expect(const char *where, const char *what, TSS2_RC got, TSS2_RC want);
bool tss_same_bytes(const char *where, const char *what, const void *a, size_t a_len, const void *b,
		    size_t b_len);

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			external_fail(EXTERNAL_HERE, "%s", #cond);                                 \
			tss_stop();                                                                \
		}                                                                                  \
	} while (0)

/* The call succeeds; without its result the test cannot go on. */
#define OK(call)                                                                                   \
	do {                                                                                       \
		if (!tss_expect(EXTERNAL_HERE, #call, call, TSS2_RC_SUCCESS))                      \
			tss_stop();                                                                \
	} while (0)

/* The call fails with exactly that response code. */
#define FAILS(call, rc) ((void)tss_expect(EXTERNAL_HERE, #call, call, rc))

/* Response codes of format one that speak of handle, parameter or session n: part 2, 6.6.3. */
#define RC_H(rc, n) ((rc) + TPM2_RC_H + 0x100 * (n))
#define RC_P(rc, n) ((rc) + TPM2_RC_P + 0x100 * (n))
#define RC_S(rc, n) ((rc) + TPM2_RC_S + 0x100 * (n))

/* Two TPM2B of any types hold the same bytes. */
#define SAME(a, b)                                                                                 \
	tss_same_bytes(EXTERNAL_HERE, #a " and " #b, ((const TPM2B_DIGEST *)(a))->buffer,          \
		       (a)->size, ((const TPM2B_DIGEST *)(b))->buffer, (b)->size)
#define SAME_BYTES(a, a_len, b, b_len)                                                             \
	tss_same_bytes(EXTERNAL_HERE, #a " and " #b, a, a_len, b, b_len)

/* ---- context.c ---- */
extern ESYS_CONTEXT *tss; /* the running test's */
void tss_open(void);      /* opens TCTI and context, or ends the test */
/* The bytes as they are, past ESYS. Returns the TPM's response code; *len: room, then length. */
TSS2_RC tss_raw(const void *command, size_t command_len, uint8_t *response, size_t *len);
/* At most `max` handles from `first` on of that handle's type. */
unsigned tss_handles(TPM2_HANDLE first, TPM2_HANDLE *handles, unsigned max);
uint32_t tss_property(TPM2_PT property); /* 0 when the TPM does not have it */
void tss_auth(TPM2B_AUTH *auth, const char *text);

/* ---- cleanup.c ---- */
void tss_clean_up(void); /* leaves the TPM as it was before the test, or fails */

#define NO_SESSION ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE
#define PASSWORD   ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE
#define PASSWORD2  ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE
#define BY(s)      (s), ESYS_TR_NONE, ESYS_TR_NONE

/* NV indices and persistent handles for tests; the runner removes them. */
#define TSS_NV(n)         (0x01804b00u + (n))
#define TSS_NV_COUNT      16
#define TSS_PERSISTENT(n) (0x8101ab00u + (n))

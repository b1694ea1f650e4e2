/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Commands that are wrong as bytes: part 1, section 18.3; part 3, section 5. */
#include <string.h>

#include "tss/tss.h"

/* Sends it; the answer to a refused command is a bare header. */
static TSS2_RC send(const char *bytes, size_t n)
{
	uint8_t response[4096];
	size_t len = sizeof(response);
	TSS2_RC rc = tss_raw(bytes, n, response, &len);

	if (rc != TPM2_RC_SUCCESS) {
		CHECK_EQ(len, 10);
		CHECK_EQ(response[5], 10);
	}
	return rc;
}

#define SEND(text)  send(text, sizeof(text) - 1)

#define NO_SESSIONS "\x80\x01"
#define SESSIONS    "\x80\x02"

TSS_TEST(error_tag, "error-tag", "a tag that is none is refused")
{
	TSS2_RC rc = SEND("\x00\xc1\0\0\0\x0c\0\0\x01\x7b\0\x08");

	/* Part 3, 5.2 says BAD_TAG; libtpms 0.9 says VALUE. */
	if (rc != TPM2_RC_BAD_TAG)
		FAILS(rc, TPM2_RC_VALUE);
}

TSS_TEST(error_code, "error-command-code", "command codes that do not exist")
{
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0a\0\0\0\0"), TPM2_RC_COMMAND_CODE);
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0a\0\0\x0f\xff"), TPM2_RC_COMMAND_CODE);
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0a\x20\0\0\x01"), TPM2_RC_COMMAND_CODE);
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0a\xff\xff\xff\xff"), TPM2_RC_COMMAND_CODE);
}

TSS_TEST(error_parameters, "error-parameters", "too few bytes for the parameters, and too many")
{
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0a\0\0\x01\x7b"), RC_P(TPM2_RC_INSUFFICIENT, 1));
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0b\0\0\x01\x7b\0"), RC_P(TPM2_RC_INSUFFICIENT, 1));
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0d\0\0\x01\x7b\0\x08\0"), TPM2_RC_SIZE);
}

TSS_TEST(error_session, "error-sessions", "sessions where none may be, none where one must be")
{
	/* PCR_Reset(16) without a session; with an authorization area of size 0; 8; a wrong handle.
	 */
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0e\0\0\x01\x3d\0\0\0\x10"), TPM2_RC_AUTH_MISSING);
	FAILS(SEND(SESSIONS "\0\0\0\x12\0\0\x01\x3d\0\0\0\x10\0\0\0\0"), TPM2_RC_SIZE);
	FAILS(SEND(SESSIONS "\0\0\0\x1a\0\0\x01\x3d\0\0\0\x10\0\0\0\x08\x40\0\0\x09\0\0\0\0"),
	      TPM2_RC_SIZE);
	FAILS(SEND(SESSIONS "\0\0\0\x1b\0\0\x01\x3d\0\0\0\x10\0\0\0\x09\x40\0\0\x01\0\0\0\0\0"),
	      RC_S(TPM2_RC_VALUE, 1));
	/* FlushContext takes no session at all. */
	FAILS(SEND(SESSIONS "\0\0\0\x1b\0\0\x01\x65\0\0\0\x09\x40\0\0\x09\0\0\0\0\0"
			    "\x80\0\0\0"),
	      TPM2_RC_AUTH_CONTEXT);
}

TSS_TEST(error_handle, "error-handles", "handles that are not there, or of the wrong kind")
{
	/* ReadPublic of a transient, a persistent, a PCR; PCR_Reset of 24. */
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0e\0\0\x01\x73\x80\0\0\0"), TPM2_RC_REFERENCE_H0);
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0e\0\0\x01\x73\x81\0\x13\x37"), RC_H(TPM2_RC_HANDLE, 1));
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0e\0\0\x01\x73\0\0\0\0"), RC_H(TPM2_RC_VALUE, 1));
	FAILS(SEND(SESSIONS "\0\0\0\x1b\0\0\x01\x3d\0\0\0\x18\0\0\0\x09\x40\0\0\x09\0\0\0\0\0"),
	      RC_H(TPM2_RC_VALUE, 1));
	/* FlushContext names it as a parameter. */
	FAILS(SEND(NO_SESSIONS "\0\0\0\x0e\0\0\x01\x65\x80\0\0\0"), RC_P(TPM2_RC_HANDLE, 1));
}

TSS_TEST(error_goes_on, "error-goes-on", "1000 malformed commands leave the TPM as it was")
{
	uint32_t before[] = {tss_property(TPM2_PT_HR_TRANSIENT_AVAIL),
			     tss_property(TPM2_PT_HR_LOADED_AVAIL),
			     tss_property(TPM2_PT_LOCKOUT_COUNTER)};

	for (int i = 0; i < 1000; i++) {
		char bytes[] = NO_SESSIONS "\0\0\0\x0e\0\0\x01\x20\0\0\0";

		bytes[9] = i & 0x7f;
		bytes[13] = i >> 7;
		send(bytes, 14); /* a few are right by chance */
	}
	CHECK_EQ(tss_property(TPM2_PT_HR_TRANSIENT_AVAIL), before[0]);
	CHECK_EQ(tss_property(TPM2_PT_HR_LOADED_AVAIL), before[1]);
	CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_COUNTER), before[2]);
}

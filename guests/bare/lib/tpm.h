/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * TPM 2.0 commands written as text, and their responses: TPM 2.0 Library, parts 2 and 3. A command
 * is its code (8 digits) and words behind it:
 *
 *   0123abcd     bytes in hexadecimal; blanks between words do not count
 *   [ ... ]      a TPM2B: 16-bit size, then what is inside; they nest
 *   @pw, @pw2    authorization area: one, two sessions with the empty password
 *   @%4          the same with the session of that handle: no nonce, no HMAC, attributes 1
 *   %1 %2 %4     an unsigned argument as 1, 2, 4 bytes, big endian
 *   %s           the bytes of a string
 *   %z           that many (unsigned) zero bytes
 *   %m           two arguments, address and unsigned length: those bytes
 *
 * Header, tag and sizes are filled in.
 */
#include <stdarg.h>
#include "abi/vtpm.h"

struct tpm_message {
	uint32_t len;
	uint8_t data[PAGE_SIZE];
};

#define TPM_RC_INITIALIZE      0x100
#define TPM_RC_DISABLED        0x120
#define TPM_RC_AUTH_MISSING    0x125
#define TPM_RC_COMMAND_SIZE    0x142
#define TPM_RC_COMMAND_CODE    0x143
#define TPM_RC_NV_SPACE        0x14b
#define TPM_RC_INSUFFICIENT    0x09a
#define TPM_RC_BAD_TAG         0x01e
#define TPM_RC_OBJECT_MEMORY   0x902
#define TPM_RC_SESSION_MEMORY  0x903
#define TPM_RC_SESSION_HANDLES 0x905
#define TPM_RC_LOCALITY        0x907
#define TPM_RC_LOCKOUT         0x921
#define TPM_RC_S1_AUTH_FAIL    0x98e
#define TPM_RC_S1_BAD_AUTH     0x9a2
#define TPM_RC_H1_HANDLE       0x18b
#define TPM_RC_P1_HANDLE       0x1cb
#define TPM_RC_P1_VALUE        0x1c4

#define TPM_MALFORMED          0xffffffffu /* no response code: the message is no response */

/* Ends the test when the text is wrong or too long. */
void tpm_build(struct tpm_message *m, const char *text, ...);
void tpm_vbuild(struct tpm_message *m, const char *text, va_list ap);

/* Well formed: 10 bytes at least, its size field is its length, tag and code go together. */
uint32_t tpm_code(const struct tpm_message *response);

/* n (1, 2, 4, 8) bytes at an offset, big endian; 0 beyond the end. */
uint64_t tpm_get(const struct tpm_message *m, uint32_t at, unsigned n);
/* Where parameters begin: behind the header, a handle, and a parameter size if there is one. */
uint32_t tpm_parameters(const struct tpm_message *response, bool handle);
/* Where a TPM2B ends. */
uint32_t tpm_skip(const struct tpm_message *m, uint32_t at);

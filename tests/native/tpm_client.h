/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* TPM commands as a guest writes them, for tests: bytes in, response code out. */
#include "abi/vtpm.h"

#define TPM_RC_INITIALIZE    0x100
#define TPM_RC_COMMAND_SIZE  0x142
#define TPM_RC_LOCALITY      0x907
#define TPM_RC_OBJECT_MEMORY 0x902
#define TPM_RC_HIERARCHY_1   0x185 /* of the first handle */
#define TPM_RC_INSUFFICIENT  0x9a

struct tpm_bytes {
	uint32_t len;
	uint8_t data[PAGE_SIZE];
};

/* From hexadecimal text (blanks are fine); the size field is set. */
struct tpm_bytes tpm_bytes(const char *hex);
uint32_t tpm_code(const struct tpm_bytes *response);
/* True when the response is well formed: 10 bytes at least, and its size field says its length. */
bool tpm_well_formed(const struct tpm_bytes *response);

#define TPM_STARTUP_CLEAR "8001 00000000 00000144 0000"
#define TPM_SELF_TEST     "8001 00000000 00000143 01"
#define TPM_GET_RANDOM_16 "8001 00000000 0000017b 0010"
#define TPM_GET_RANDOM_8  "8001 00000000 0000017b 0008"
#define TPM_PCR_READ_10   "8001 00000000 0000017e 00000001 000b 03 000400"
#define TPM_PCR_EXTEND_10                                                                          \
	"8002 00000000 00000182 0000000a 00000009 40000009 0000 00 0000 00000001 000b "            \
	"1111111111111111111111111111111111111111111111111111111111111111"
/* HMAC session, unbound and unsalted, SHA-256 */
#define TPM_START_SESSION                                                                          \
	"8001 00000000 00000176 40000007 40000007 0010 000102030405060708090a0b0c0d0e0f 0000 00 "  \
	"0010 000b"
#define TPM_PCR_RESET_20 "8002 00000000 0000013d 00000014 00000009 40000009 0000 00 0000"
/* GetCapability(TPM_CAP_PCR_PROPERTIES, TPM_PT_PCR_RESET_L3, 1) */
#define TPM_PCRS_RESET_AT_3 "8001 00000000 0000017a 00000007 00000008 00000001"
/* ECC P-256 storage key in the owner's hierarchy: TCG SRK template */
#define TPM_CREATE_SRK                                                                             \
	"8002 00000000 00000131 40000001 00000009 40000009 0000 00 0000 0004 0000 0000 001a "      \
	"0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010 0000 0000 0000 00000000"

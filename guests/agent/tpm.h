/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* TPM 2.0 commands by hand, for tests that need no more than the agent. Numbers are big endian. */
#include "base/types.h"

#define TPM_MESSAGE_MAX 4096u

/* TPM 2.0 Library, part 2: 6.5.2 command codes, 6.6.3 response codes, 6.3 algorithms, 7.4 handles.
 */
#define TPM_CC_CREATE_PRIMARY    0x131u
#define TPM_CC_SEQUENCE_COMPLETE 0x13eu
#define TPM_CC_CREATE            0x153u
#define TPM_CC_SEQUENCE_UPDATE   0x15cu
#define TPM_CC_FLUSH_CONTEXT     0x165u
#define TPM_CC_GET_RANDOM        0x17bu
#define TPM_CC_PCR_READ          0x17eu
#define TPM_CC_HASH_SEQUENCE     0x186u
#define TPM_ALG_SHA256           0x00bu
#define TPM_RH_OWNER             0x40000001u
#define TPM_RH_NULL              0x40000007u
#define TPM_RS_PW                0x40000009u

/* A command that grows, or a response that is read. */
struct tpm_message {
	uint8_t bytes[TPM_MESSAGE_MAX];
	size_t len; /* of the message */
	size_t at;  /* read so far */
};

/* /dev/tpm0 or /dev/tpmrm0; -1 after a failure has been reported. */
int tpm_open(const char *path);

/* ---- whole commands ---- */

/* So many bytes, at most 32, from the TPM; its response code. */
uint32_t tpm_random(int fd, void *bytes, uint16_t n);
/* A PCR of the SHA-256 bank. */
uint32_t tpm_pcr_read(int fd, unsigned pcr, uint8_t digest[32]);
/* SHA-256 by a hash sequence of three commands, so that the object lives from one to the next. */
uint32_t tpm_hash(int fd, const void *bytes, uint16_t n, uint8_t digest[32]);
/* A new RSA-2048 storage key, another each time: seconds under emulation. Flushes it at once. */
uint32_t tpm_make_rsa(int fd);
/* The command of tpm_make_rsa(). */
void tpm_rsa_command(struct tpm_message *m);
/* One that makes such a key under a parent, which it makes and leaves loaded. */
bool tpm_rsa_child_command(int fd, struct tpm_message *m);

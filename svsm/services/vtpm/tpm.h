/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The TPM: libtpms behind a few functions, without service calls, so that tests and fuzzers can
 * drive it on the host, too. One TPM per program, single-threaded.
 */
#include "base/types.h"

#define TPM_STATE_MAX 0x40000 /* bytes of permanent state; a larger one fails the NV write */

/* Where the permanent state lives while the TPM has no power. */
struct tpm_nvram {
	/* Returns the bytes written to `to`; 0: there is no state yet. */
	size_t (*load)(void *to, size_t room);
	bool (*store)(const void *from, size_t len); /* all or nothing */
};

/* Power on. Manufactures a TPM with fresh seeds when there is no permanent state. False: the state
 * is not a TPM's, or libcrypto gives no random numbers; the TPM stays off. */
bool tpm_power_on(const struct tpm_nvram *nv);
void tpm_power_off(void);
/* Power off and on, with the same permanent state. */
bool tpm_power_cycle(void);

/*
 * Execute the TPM command in[0..len) at that locality (0..4). Any bytes are allowed: what is not a
 * command gets the TPM's own error response. `in` is overwritten (encrypted parameters are
 * decrypted in place). Returns the length of the response; 0: the TPM gave none, or none that fits
 * into room, which must be 10 bytes at least.
 */
uint32_t tpm_command(uint8_t locality, uint8_t *in, uint32_t len, void *out, uint32_t room);

/* No response or command is longer than this, because the page of the vTPM protocol carries no
 * more. */
#define TPM_BUFFER_MAX 4087

/* Permanent and volatile state as libtpms marshals it; the caller frees it. */
struct tpm_image {
	uint8_t *permanent, *transient;
	uint32_t permanent_len, transient_len;
};

bool tpm_image_take(struct tpm_image *image); /* false: nothing to free */
void tpm_image_free(struct tpm_image *image);
/*
 * Power off, then on with that state: sessions, objects and PCRs are as they were. After false the
 * TPM is off. The permanent part is stored, too.
 */
bool tpm_image_run(const struct tpm_image *image);

/* Between these two calls the permanent state is not stored: tpm_image_run() with an image taken
 * before makes the TPM forget what happened in between. */
void tpm_store_off(void);
void tpm_store_on(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The vTPM's keys, made before anybody wants a manifest: RSA keys take seconds, in which the caller
 * of the attestation protocol stands still. Only a service CPU makes them, in the time that nobody
 * else wants of it, once the guest has used its TPM and then left it alone for PACE_KEEP.
 *
 *	          begin                      all made, or one cannot be
 *	  RESTS ------------> a key at a time ------------------------> over
 *
 * A copy of the vTPM's program does it, from a copy of the TPM's permanent state, so that no
 *command of the guest's ever waits for a key. The seed may be replaced since (TPM2_ChangeEPS): a
 *key from here counts only while the TPM's own VTPM_EK_ECC_P256 is the one from here, too. That one
 *takes milliseconds, and equal keys mean equal seeds.
 */
#include "abi/service.h"
#include "base/types.h"

#define ATTEST_KEY_MAX 512 /* bytes of a TPM2B_PUBLIC */

/* A step of it, on a service CPU that is about to look for work. It neither waits nor lends the
 * CPU; LOCK_ATTEST is taken inside. */
void attest_ahead(void);
/* The TPM2B_PUBLIC; NULL: not made. LOCK_ATTEST is held. */
const void *attest_ahead_key(unsigned which, uint32_t *size);

/* As at the launch: unit tests. */
void attest_ahead_reset(void);

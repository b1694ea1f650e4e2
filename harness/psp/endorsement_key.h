/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Keys that a secret and a few facts give again and again, as the firmware derives its own: a VCEK
 * from the chip's secret and its TCB, a VLEK from one of the cloud's. AMD's derivations are not
 * public; these are ours, by HMAC-SHA-384.
 */
#include <openssl/evp.h>

#include "harness/core/psp_config.h"

enum endorsement {
	ENDORSEMENT_VCEK, /* the chip's: it has a CHIP_ID */
	ENDORSEMENT_VLEK, /* the cloud's, on any of its chips: it has a CSP_ID */
};

/* What all keys of that chip, or of that cloud, come from. False: libcrypto has no memory. */
bool endorsement_root(const uint8_t secret[PSP_SECRET], const struct psp_config *c,
		      enum endorsement which, uint8_t root[PSP_SECRET]);
/* The key on P-384 that signs reports of that TCB; NULL: libcrypto has no memory. */
EVP_PKEY *endorsement_key(const uint8_t root[PSP_SECRET], const uint8_t tcb[PSP_TCB]);

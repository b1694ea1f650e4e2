/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The keys of a chain in their folder, PRODUCT below the chain's: PEM files, and the chip's secret.
 */
#include <openssl/x509.h>

#include "harness/core/psp_config.h"

struct chain_keys {
	EVP_PKEY *ark, *ask, *vcek;
	X509 *ark_certificate, *ask_certificate;
	uint8_t secret[PSP_SECRET];
};

/* Reads the keys, or makes the folder with all of them at once, so that nobody ever finds half of
 * it. NULL, or what went wrong (malloc'ed). *k is to be freed in both cases. */
char *chain_store_open(const char *folder, const char *product, struct chain_keys *k);
void chain_keys_free(struct chain_keys *k);

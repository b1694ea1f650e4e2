/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The files of a chain's folder, NAME.key, NAME.pem and "secret". Nobody but their owner can read
 * keys and secret, also where a copy of the folder has lost its mode. On false errno may tell why.
 */
#include <openssl/x509.h>

#include "harness/core/psp_config.h"

struct chain_authority {
	EVP_PKEY *key;
	X509 *certificate;
};

bool chain_read_authority(const char *folder, const char *name, struct chain_authority *a);
bool chain_write_authority(const char *folder, const char *name, const struct chain_authority *a);
bool chain_read_secret(const char *folder, uint8_t secret[PSP_SECRET]);
bool chain_write_secret(const char *folder, const uint8_t secret[PSP_SECRET]);
/* Removes what the functions above have written, and then the folder if nothing else is in it. */
void chain_drop(const char *folder);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Signatures of ordinary keys. */
#include "tss/keys.h"

/* By the key's password, in the key's own scheme. */
TPMT_SIGNATURE *sign_digest(const struct key *k, const TPM2B_DIGEST *digest);
/* Signs a random digest; libcrypto and the TPM must find that it holds, for that digest only, and
 * that it is of that scheme. */
void sign_round_trip(const struct key *k, TPMI_ALG_SIG_SCHEME scheme);

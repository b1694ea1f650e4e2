/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Endorsement keys: TCG EK Credential Profile 2.4, annex B. */
#include "tss/keys.h"

TPM2B_PUBLIC ek_rsa2048(void); /* template L-1 */
TPM2B_PUBLIC ek_p256(void);    /* template L-2 */
TPM2B_PUBLIC ek_p384(void);    /* template H-3 */
struct key ek_make(TPM2B_PUBLIC tmpl);
/* A fresh session that holds the policy of that EK. */
ESYS_TR ek_session(const struct key *ek);

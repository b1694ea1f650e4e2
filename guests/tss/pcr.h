/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Platform configuration registers. Tests use 16 (debug) and 23 (application). */
#include "tss/tss.h"

#define PCR_DEBUG       16u
#define PCR_APPLICATION 23u

TPML_PCR_SELECTION pcr_select(TPMI_ALG_HASH bank, uint32_t mask); /* bit n: PCR n */
/* One register of one bank; empty when the TPM has no such bank. */
TPM2B_DIGEST pcr_read(TPMI_ALG_HASH bank, unsigned pcr);
TPML_DIGEST_VALUES pcr_digests(TPMI_ALG_HASH bank, const TPM2B_DIGEST *digest);
/* The digest a policy or a quote has for these registers of the SHA-256 bank. */
TPM2B_DIGEST pcr_composite(uint32_t mask);

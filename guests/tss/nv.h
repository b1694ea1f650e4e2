/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* NV indices of tests: TSS_NV(n), which the runner undefines. */
#include "tss/tss.h"

/* Written and read by the index's own authorization, without dictionary attack protection. */
#define NV_PLAIN   (TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)
#define NV_TYPE(t) ((TPMA_NV)(t) << TPMA_NV_TPM2_NT_SHIFT)

/* Ends the test when the TPM refuses. auth may be NULL, policy too. */
ESYS_TR nv_define(unsigned n, TPMA_NV attributes, uint16_t size, const char *auth,
		  const TPM2B_DIGEST *policy);
void nv_write(ESYS_TR index, const void *data, uint16_t len, uint16_t offset);
/* By the index's authorization. */
TPM2B_MAX_NV_BUFFER nv_read(ESYS_TR index, uint16_t len, uint16_t offset);
uint64_t nv_number(ESYS_TR index); /* of a counter or a bit field */

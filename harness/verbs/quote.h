/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A TPM quote, checked from its bytes alone and with libcrypto alone: a judge that shares no code
 * with tpm2-tools. All input is the target's and may be anything.
 */
#include "harness/verbs/signature.h"

struct quote {
	struct blob pem;       /* the attestation key's public part */
	struct blob attest;    /* TPMS_ATTEST, TPM 2.0 part 2, 10.12.8 */
	struct blob signature; /* TPMT_SIGNATURE */
	struct blob pcrs;      /* the values of the selected PCRs, lowest first, nothing between */
	struct blob nonce;
	/* "sha256:0,1,16": one bank; NULL: of which PCRs it is does not matter here */
	const char *selection;
};

/* NULL when it is sound, else one line that says what is wrong first. */
const char *quote_wrong(const struct quote *q);

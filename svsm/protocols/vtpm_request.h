/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a vTPM request asks for, and answers that the SVSM makes itself. Portable, pure. */
#include "abi/svsm.h"
#include "abi/vtpm.h"

/* A copy of the request's fixed part; results: protocols/vtpm.h. */
enum svsm_result vtpm_request_check(const struct vtpm_request *head);

/* A TPM response of a header only; its length. */
uint32_t vtpm_response_code(uint8_t out[sizeof(struct tpm_header)], uint32_t code);

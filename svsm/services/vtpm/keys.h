/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The keys of primary.h, each made once: RSA keys take seconds. They go with the endorsement seed,
 * which TPM2_ChangeEPS alone replaces in a running TPM (TPM 2.0 part 3: TPM2_Clear leaves it).
 */
#include "abi/service.h"

/* As primary_public(). */
uint32_t keys_public(enum vtpm_key which, void *out, uint32_t room, bool *alive);
/* Before the TPM executes that command: forget the keys if it may replace the seed. */
void keys_before(const uint8_t *command, uint32_t len);
/* The TPM has another state. */
void keys_forget(void);

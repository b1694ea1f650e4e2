/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A sealed object that only a policy opens: how tests see whether a policy holds. */
#include "tss/keys.h"

struct key sealed_by(const TPM2B_DIGEST *policy);
/* Unseals; when that succeeds the data must be what was sealed. */
TSS2_RC sealed_open(const struct key *k, ESYS_TR session);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Primary keys of the endorsement hierarchy: endorsement keys, from the templates of the TCG EK
 * Credential Profile for TPM 2.0, annex B, and signing keys. Each is a function of the endorsement
 * seed and its template, so everyone who creates it gets the same one.
 */
#include "abi/service.h"

/*
 * Write the TPM2B_PUBLIC of that key to out. Returns its length; 0 on failure. Works whatever the
 * guest has done to the TPM (not started yet, endorsement hierarchy off or with a password, no
 * object slot free), and leaves no trace in it. On failure the TPM may be off: then *alive is
 * false.
 */
uint32_t primary_public(enum vtpm_key which, void *out, uint32_t room, bool *alive);

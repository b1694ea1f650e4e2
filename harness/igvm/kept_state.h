/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The launch page's words about a TPM's state that outlives the VM (docs/persistence.md). */
#include "abi/launch.h"

/*
 * Asks for the state of `owner`, whose SHA-256 the page has: with keys that are signed by the
 * public key of P-384 in the PEM file `signer`, or by nobody (unsigned_too), else with the test
 * key. False after a message: there is no such key.
 */
bool state_add(const char *owner, const char *signer, bool unsigned_too, struct launch_info *info);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The host verbs about what a TPM in the guest signed. Files are named as they were put
 * (host_files.h). An answer is "ok", "wrong: ..." or, where the question itself is bad, "error:
 * ...".
 */
#include "harness/verbs/host_files.h"

/* "PUB.pem MSG SIG RAW SELECTION NONCE": with libcrypto alone (quote.h). */
void checkquote_here(const struct host_files *f, char *args, char *answer, size_t size);
/* "PUB.pem MSG SIG PCRS HASH NONCE": the host's tpm2_checkquote. */
void checkquote_tool(const struct host_files *f, char *args, char *answer, size_t size);
/* "SCHEME PUB.pem SIG DATA": SCHEME is rsassa-sha256, rsapss-sha256, ecdsa-sha256 ... */
void checkquote_signature(const struct host_files *f, char *args, char *answer, size_t size);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Reports for the vTPM's program before its TPM serves anybody, to show to a key server
 * (docs/key-release.md). What it asks for is signed as the SVSM's own word, so it may ask from
 * attest_early_open() to attest_early_close() and never again. Reports go by the one conversation
 * with the security processor that there is: protocols/attest/attest_early.c.
 *
 * LOCK_ATTEST is taken inside, except by open and close.
 */
#include "user/service/service.h"

void attest_early_open(void);
void attest_early_close(void);
/* For struct service's report. */
enum service_report attest_early_report(const uint8_t data[64], struct attestation_report *to);
/* Lend this CPU to the attestation service for at most ns, if a report waits for that. */
void attest_early_lend(uint64_t ns);
/* LOCK_ATTEST is held, and given back in between: bring a message to its end that the vTPM's
 * program has begun, whether that has left it behind or is to ask once more. True: it goes on, and
 * ns of this CPU went to it. */
bool attest_early_drain(uint64_t ns);

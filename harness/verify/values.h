/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Values of options, from text to what they stand for. False: the text is none such. */
#include "harness/verify/evidence.h"

/* least to most bytes in hex, with zeroes behind them up to most; malloc'ed to out->p. */
bool value_hex(const char *text, size_t least, size_t most, struct bytes *out);
/* Decimal, or hex with 0x. */
bool value_number(const char *text, uint64_t most, uint64_t *out);
/* "9.0.23.72", of 4 or 5 parts up to 255. */
bool value_tcb(const char *text, struct wanted *w);
/* "5.17", or "5", which is "5.0". */
bool value_kept(const char *text, struct kept_least *least);
/* "sha256:4=HEX". All that are given are of one bank, and each PCR comes once. */
bool value_pcr(const char *text, struct wanted_pcrs *pcrs);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The certificates that come with an extended guest request: GHCB specification (56421), "SNP
 * Extended Guest Request". */
#include "harness/psp/chain.h"

/* VCEK, ASK and ARK, or VLEK, ASVK and ARK, into out, of cap bytes. The table's bytes; 0: it does
 * not fit. */
size_t table_make(const struct psp_chain *chain, enum endorsement which, uint8_t *out, size_t cap);

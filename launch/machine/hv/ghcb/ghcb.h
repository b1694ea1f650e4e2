/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The GHCB of a VMGEXIT: hypercall_serve() (hv/state/hypercall.h), and what its handlers need of
 * it. */
#include "machine/hv/ghcb/ghcb_page.h"

/* The memory that SW_SCRATCH points at: len bytes inside the GHCB's own buffer or in shared guest
 * memory; NULL when it is neither. */
void *ghcb_scratch(const struct ghcb_call *c, uint64_t len);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The part of a VMPL's state that VMRUN does not switch: x87, SSE, AVX, XCR0, PKRU, PAT, TSC_AUX,
 * DR0-3. It lives in the processor while its VMPL is current. The monitor itself uses none of it.
 */
#include "machine/cpu/vcpu.h"
#include "abi/vmsa.h"

void fpu_cpu_init(void); /* CR4 bits that saving and restoring needs */
/* Every byte one of UC, WC, WT, WP, WB, UC-: else WRMSR faults, and so would VMRUN refuse it. */
bool fpu_pat_valid(uint64_t pat);
/* Would the processor take these values (PAT)? */
bool fpu_valid(const struct vmsa *s);
void fpu_load(struct vmpl_ctx *c, const struct vmsa *s);
void fpu_save(struct vmpl_ctx *c, struct vmsa *s);

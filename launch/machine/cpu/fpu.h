/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The part of a VMPL's state that VMRUN does not switch: x87, SSE, AVX, XCR0, PKRU, PAT, TSC_AUX,
 * DR0-3. It lives in the processor while its VMPL is current, else in struct vmpl_ctx. The monitor
 * itself uses none of it.
 */
#include "machine/cpu/vcpu.h"

#define XCR0_X87   BIT(0)
#define XCR0_SSE   BIT(1)
#define XCR0_AVX   BIT(2)
#define XCR0_KNOWN (XCR0_X87 | XCR0_SSE | XCR0_AVX)

/* vmpl_ctx.fx: FXSAVE's image in 64-bit form, with the header and the AVX component of XSAVE after
 * it. */
struct fpu_image {
	uint16_t fcw, fsw;
	uint8_t ftw, rsvd;
	uint16_t fop;
	uint64_t rip, dp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[16][16];
	uint8_t rsvd_1a0[96];
	uint64_t xstate_bv, xcomp_bv, rsvd_210[6];
	uint8_t ymm[256];
} PACKED;
ABI_OFFSET(struct fpu_image, xmm, 160, "APM vol. 2, 11.4.4: FXSAVE");
ABI_OFFSET(struct fpu_image, ymm, 576, "APM vol. 2, 11.5.10: XSAVE");
ABI_SIZE(struct fpu_image, 832, "vmpl_ctx.fx");

void fpu_cpu_init(void); /* CR4 bits that saving and restoring needs */
/* Every byte one of UC, WC, WT, WP, WB, UC-: else WRMSR faults, and so would VMRUN refuse it. */
bool fpu_pat_valid(uint64_t pat);
/* Into the processor. What it would not take, of XCR0 or PAT, is replaced by what it does. */
void fpu_load(struct vmpl_ctx *c);
/* Out of it; AVX only where the VMPL has it on in XCR0. */
void fpu_save(struct vmpl_ctx *c);
/* TSC_AUX of the VMPL that is loaded on this CPU: struct vmpl_ctx has what it was at the last save.
 */
uint32_t fpu_tsc_aux(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The VMSA page and the state behind a VMCB. Between load and save the VMSA page is in use; only
 * the current VMPL of a vCPU is ever loaded, and only its own CPU loads and saves it, because
 * x87/SSE, debug registers, PAT, XCR0, PKRU and TSC_AUX stay in the processor while the VMPL does.
 */
#include "machine/cpu/vcpu.h"

/* Read the state of c from its VMSA page, which is locked and was found valid. */
void vmsa_load(struct vmpl_ctx *c);
/* Write it back. */
void vmsa_save(struct vmpl_ctx *c);
/* Write the state back, if it is loaded, and take the page out of use. */
void vmsa_put_down(struct vmpl_ctx *c);
/* The VMCB's control area for a fresh VMSA. asid is unique per vCPU and VMPL. */
void vmsa_reset_control(struct vmpl_ctx *c, uint32_t asid);
void vmsa_init(void); /* permission maps, once */

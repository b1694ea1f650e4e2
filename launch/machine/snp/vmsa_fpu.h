/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What cpu/fpu.h keeps of a VMPL, from its VMSA and back. Pure. */
#include "abi/vmsa.h"
#include "machine/cpu/vcpu.h"

void vmsa_fpu_from(struct vmpl_ctx *c, const struct vmsa *s);
/* The YMM registers of a VMPL that has AVX off stay as they are in the VMSA. */
void vmsa_fpu_to(const struct vmpl_ctx *c, struct vmsa *s);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Completing instructions in a guest's name. */
#include "lib/insn/decode.h"
#include "machine/cpu/vcpu.h"

/* The instruction at RIP; INSN_UNKNOWN when it cannot be fetched or is none of ours. */
struct insn insn_at_rip(struct vcpu *v);
/* And the one behind it, as far as the same fetch of 15 bytes holds it. */
struct insn insn_pair_at_rip(struct vcpu *v, struct insn *next);
/* RIP past an instruction that was completed: ends the interrupt shadow, single-steps under TF. */
void insn_skip(struct vmcb *m, unsigned length);
/* General register n in encoding order, RAX and RSP included; 32 bits outside 64-bit mode. */
uint64_t insn_gpr(struct vcpu *v, unsigned n);
void insn_set_gpr(struct vcpu *v, unsigned n, uint64_t value);
int insn_fault(struct vcpu *v, uint8_t vector); /* #GP(0) or #UD at the instruction */

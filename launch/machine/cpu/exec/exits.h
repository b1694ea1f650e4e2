/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The exits that a processor of SEV-SNP would settle by itself, and those it makes of others. */
#include "machine/cpu/decode.h"
#include "machine/cpu/exec/event.h"

/* Each takes the vCPU right after the exit and returns RESUME or an enum machine_exit. */
int insn_rmp(struct vcpu *v, const struct insn *i); /* PVALIDATE, RMPADJUST, RMPQUERY */
int msr_access(struct vcpu *v);
int cr_access(struct vcpu *v);
int npf_handle(struct vcpu *v);
int exits_handle(struct vcpu *v);

/* The instruction at RIP; INSN_UNKNOWN when it cannot be fetched or is none of ours. */
struct insn insn_at_rip(struct vcpu *v);
/* RIP past an instruction that was completed: ends the interrupt shadow, single-steps under TF. */
void insn_skip(struct vmcb *m, unsigned length);
/* General register n in encoding order, RAX and RSP included; 32 bits outside 64-bit mode. */
uint64_t insn_gpr(struct vcpu *v, unsigned n);
void insn_set_gpr(struct vcpu *v, unsigned n, uint64_t value);
int insn_fault(struct vcpu *v, uint8_t vector); /* #GP(0) or #UD at the instruction */
/* The linear address whose access led to this guest physical one (a byte of the page, or of a table
 * on the way): the processor under us does not tell. False when the instruction does not show it.
 */
bool linear_find(struct vcpu *v, gpa_t g, bool fetch, uint64_t *linear);

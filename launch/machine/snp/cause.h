/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Names for exits of an SNP guest: guard_cause() (cpu/guard.h), and what only a decoded instruction
 * tells. */
#include "lib/insn/decode.h"
#include "machine/cpu/vcpu.h"

/* The #UD in hand is this instruction; v's registers are its operands. */
void cause_insn(struct vcpu *v, const struct insn *i);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* PVALIDATE, RMPADJUST, RMPQUERY: APM vol. 3. */
#include "lib/insn/decode.h"
#include "machine/cpu/vcpu.h"

/* One of the three at RIP, which came as #UD. RESUME, or an enum machine_exit. */
int insn_rmp(struct vcpu *v, const struct insn *i);

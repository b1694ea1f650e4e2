/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Which VMPL of a vCPU runs: GHCB, SNP Run VMPL. */
#include "machine/cpu/vcpu.h"

/* Go on with vmpl, on v's own CPU, out of machine_run: behind its HLT, unless it was preempted
 * there and nothing has come for it since. False when it has no VMSA to run. */
bool vmpl_run(struct vcpu *v, unsigned vmpl);

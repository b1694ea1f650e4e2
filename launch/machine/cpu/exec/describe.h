/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What is known about a vCPU: for the last lines of a run only. */
#include "machine/cpu/vcpu.h"

uint64_t machine_rip(struct vcpu *v);
uint8_t machine_cpl(struct vcpu *v);
/* VMPL, CPL, RIP and registers of the current state to the log. */
void machine_describe(struct vcpu *v);

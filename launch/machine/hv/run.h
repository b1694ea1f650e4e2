/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The life of a vCPU, and what CPU 0 watches over: run.c, service.c. */
#include "machine/cpu/vcpu.h"

/* v waits for something that only another vCPU can bring: no VMSA, held, or HLT with interrupts
 * off. Read by CPU 0 through hv_vcpu.dead. */
bool run_is_dead(struct vcpu *v);

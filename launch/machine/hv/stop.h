/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The end of a run. None of these returns; each writes one line that a user can act on. */
#include "machine/cpu/vcpu.h"

/* exit: vCPU N VMPL N <what> RIP ... CPL ...; registers above it; exit code by the VMPL at fault.
 */
NORETURN void stop_vmpl(struct vcpu *v, const char *fmt, ...) PRINTF(2, 3);
/* A termination request: GHCB MSR protocol 0x100 or NAE 0x8000fffe. */
NORETURN void stop_terminated(struct vcpu *v, unsigned set, unsigned reason);
/* Power off and reset, as a guest asked for. */
NORETURN void stop_power_off(struct vcpu *v);
NORETURN void stop_reset(struct vcpu *v, const char *how);
/* A device was refused an access, which ends a strict run. */
NORETURN void stop_dma(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The GHCB MSR protocol: GHCB specification (56421). */
#include "machine/cpu/vcpu.h"

/* The vCPU's reset: the MSR of each VMPL holds SEV information. Before it runs. */
void msrproto_reset(struct vcpu *v);
/* A VMGEXIT with that request in the low bits of the GHCB MSR; the answer goes into the MSR. */
void msrproto_vmgexit(struct vcpu *v, uint64_t request);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The MSRs that a KVM guest on an AMD processor sees and does not own. On v's own CPU. */
#include "machine/cpu/vcpu.h"

enum msr_result {
	MSR_OK,
	MSR_GP,
	MSR_UNKNOWN
};

/* For v's current VMPL. MSR_UNKNOWN is a #GP too, but the guest's #VC handler may know better. */
enum msr_result msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
enum msr_result msr_write(struct vcpu *v, uint32_t msr, uint64_t value);

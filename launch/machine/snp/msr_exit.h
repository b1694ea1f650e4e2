/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* MSRs that are not the guest's own. */
#include "machine/cpu/vcpu.h"

/* The exit SVM_EXIT_MSR. RESUME, or an enum machine_exit. */
int msr_access(struct vcpu *v);

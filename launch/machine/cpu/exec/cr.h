/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Control registers. */
#include "machine/cpu/vcpu.h"

/* The exits SVM_EXIT_CR_READ, SVM_EXIT_CR_WRITE and SVM_EXIT_CR0_SEL_WRITE. RESUME, or an enum
 * machine_exit. */
int cr_access(struct vcpu *v);

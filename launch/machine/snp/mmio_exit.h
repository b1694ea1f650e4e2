/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Data accesses of a guest where there is no memory. */
#include "base/addr.h"
#include "machine/cpu/vcpu.h"

/* At the nested fault of one at g; is_private: with the C-bit, or what stands for it. RESUME or an
 * enum machine_exit. */
int mmio_access(struct vcpu *v, gpa_t g, bool is_private, bool write);

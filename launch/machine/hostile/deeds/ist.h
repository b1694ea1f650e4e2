/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Where VMPL0 is, for deeds that strike into a handler, or never do. */
#include "machine/cpu/vcpu.h"

/* RSP lies on the IST stack n (1 to 7) of the TSS, which is `size` bytes long; also true when the
 * TSS cannot be read. */
bool ist_in_use(struct vcpu *v, unsigned n, uint64_t size);

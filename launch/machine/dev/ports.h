/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a guest may reach of the machine's ports and memory-mapped registers. */
#include "machine/hv/ghcb/ghcb.h"

/* One access of 1, 2 or 4 bytes, as a VMM would answer it. io_out may end the run (power off). */
uint32_t io_in(struct vcpu *v, uint16_t port, unsigned size);
void io_out(struct vcpu *v, uint16_t port, unsigned size, uint32_t value);

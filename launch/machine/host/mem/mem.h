/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Who owns physical memory: the monitor its block at the top of low RAM, the guest the rest. */
#include "base/addr.h"
#include "machine/host/mem/ram.h"

/* Find RAM, choose the block, move the image into it. CPU 0, once, on the boot stack. */
void mem_init(void);

/* True when [g, g+len) lies wholly in RAM that belongs to the guest (not the monitor's block). */
bool host_guest_ram(gpa_t g, uint64_t len);
bool host_is_ram(hpa_t pa, uint64_t len); /* any byte of it is RAM, the monitor's block included */
uint64_t host_ram_end(void); /* first address after the last RAM byte, for sizing tables */
/* Guest RAM ranges in ascending order. */
unsigned host_guest_ranges(const struct host_range **r);

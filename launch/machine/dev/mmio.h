/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a guest may reach of the machine's memory-mapped registers: devices wherever
 * they lie outside RAM are passed through, writes to the IOAPIC with care. Any CPU.
 */
#include "base/types.h"

/* One access of 1, 2, 4 or 8 bytes outside RAM and the local APIC's page. What is not passed
 * through reads as ones and takes no write. */
uint64_t mmio_read(uint64_t a, unsigned len);
void mmio_write(uint64_t a, unsigned len, uint64_t value);
/* Is it in the IOAPIC's page or the HPET's? */
bool mmio_is_platform(uint64_t a);

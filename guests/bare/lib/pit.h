/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The PIT's first counter at pin 2 of the IOAPIC: a device whose line stays up. */
#include "base/types.h"

/* Mode 0, a short count: the line rises once, and falls when the counter is set anew. The pin sends
 * vector to that APIC, for as long as the line is up, or once. */
void pit_level(uint32_t apic_id, uint8_t vector);
void pit_edge(uint32_t apic_id, uint8_t vector);
bool pit_fires(void); /* wait until the line is up */
void pit_off(void);   /* the line down, the pin masked */

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * APIC IDs from an ACPI MADT, which the host has written: hostile input. ACPI 6.5, 5.2.12.
 * Portable.
 */
#include "base/types.h"

/* Writes the APIC IDs of the enabled processors to ids, in table order, without duplicates, at
 * most max. Returns how many; 0 when the table is malformed. Structures of unknown type are
 * skipped. */
unsigned madt_apic_ids(const void *table, size_t size, uint32_t *ids, unsigned max);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * APIC IDs from an ACPI MADT that the host wrote: hostile input. ACPI 6.5, 5.2.12. Portable.
 */
#include "base/types.h"

/* APIC IDs of the enabled processors, in table order, without duplicates; at most max. 0 when the
 * table is malformed. Structures of unknown type are passed over. */
unsigned madt_apic_ids(const void *table, size_t size, uint32_t *ids, unsigned max);

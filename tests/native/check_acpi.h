/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a direct boot's ACPI tables must be (ACPI 6.5, chapter 5), as the guest finds them. */
#include "base/types.h"

/* ram: the guest's, from 0 on. The MADT is that of two CPUs with the APIC IDs 1 and 300. */
void check_acpi(const uint8_t *ram, uint64_t rsdp);

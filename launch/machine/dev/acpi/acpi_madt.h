/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* ACPI 6.5, 5.2.12: the table that tells processors and interrupt controllers. */
#include "base/types.h"

/* With the first n vCPUs, all enabled, and room for `more` bytes of entries behind its own, zeroed.
 * Returns its size, room included, and writes it when p is not NULL. */
uint32_t acpi_madt(void *p, unsigned n, uint32_t more);

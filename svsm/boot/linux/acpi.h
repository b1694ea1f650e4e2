/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The tables that a directly booted guest gets: ACPI specification 6.4, chapter 5. */
#include "base/addr.h"

/* Write RSDP, XSDT, FACS, FADT, MADT, HPET and DSDT to [at, at + room); returns the RSDP's address.
 * The MADT has what an allow list lets pass of the host's (IGVM parameter area) when that is well
 * formed, else it is made from our own list of vCPUs; CPUs that the guest cannot use are in
 * neither. */
uint64_t acpi_write(gpa_t at, uint64_t room);

/* Is this a MADT? Signature, a length within `size`, whole entries. The content is not judged. */
bool acpi_madt_valid(const void *table, uint64_t size);
/* Leave in a valid MADT what a guest may get: entries of known types with the length of their type,
 * without service CPUs and CPUs that did not come up. The caller has to set the checksum. */
void acpi_madt_filter(void *table);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The tables of a q35 that depend on where the firmware has put PCIe's configuration space: MCFG,
 * and the values that the DSDT's windows take from a table beside it (ACPI 6.5, chapter 5). The
 * others are lib/acpi's. Portable. Each returns its size, and writes it when p is not NULL.
 */
#include "base/types.h"

/* Where PCI has its address space; all ends inclusive. */
struct acpi_windows {
	uint64_t ecam, ecam_end;                     /* 0: nobody has turned it on */
	uint64_t below, below_end, above, above_end; /* of 32 bits, on either side of it */
	uint64_t high, high_end;                     /* of 64 bits */
	uint8_t last_bus;                            /* the highest number that a bus has */
};

/* pciexbar: the host bridge's register (Intel 82Q35 MCH, PCIEXBAR; 256, 128 or 64 MiB); low_end:
 * the first address behind all RAM below 4 GiB, QEMU's too. last_bus is the caller's to set. */
struct acpi_windows acpi_windows_find(uint64_t pciexbar, uint64_t low_end);

uint32_t acpi_mcfg(void *p, const struct acpi_windows *w); /* without ECAM an empty one */
/* SSDT: a name at the root for each value, as dev/acpi/dsdt.asl declares them. */
uint32_t acpi_values(void *p, const struct acpi_windows *w);

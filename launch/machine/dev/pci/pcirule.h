/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Which writes to PCI configuration a guest may make. Its devices are its own, but the chipset is
 * the machine's as well: some registers put other things where RAM, the APICs, the IOMMU and power
 * management lie, for the monitor too (Intel 82Q35 MCH; ICH9; QEMU 7.2, hw/pci-host/q35.c and
 * hw/isa/lpc_ich9.c):
 *
 *   00:00.0  PCIEXBAR           may move to where nothing else is
 *            PAM0..6, SMRAM     kept: ROM over RAM, and holes in it
 *   00:1f.0  PMBASE, ACPI_CNTL  kept: power off and SMI past dev/pm.h
 *            RCBA               kept: 16 KiB over anything
 *
 * Portable.
 */
#include "base/types.h"

#define PCI_PCIEXBAR 0x60 /* of 00:00.0; 64 bits */

struct pci_write {
	uint16_t function; /* bus << 8 | slot << 3 | function */
	uint16_t reg;
	unsigned len; /* 1, 2 or 4 bytes, within a dword */
	uint32_t value;
};

/* Any byte of it is one of a register that stays as it is. */
bool pcirule_kept(const struct pci_write *w);
/* What PCIEXBAR will be after a write to any register. */
uint64_t pcirule_pciexbar(uint64_t now, const struct pci_write *w);
/* Where the configuration space lies for a value of PCIEXBAR, in bytes; false: nowhere. */
bool pcirule_ecam(uint64_t pciexbar, uint64_t *base, uint64_t *size);
/* The value is one that QEMU knows, and what it switches on ends below the IOAPIC. */
bool pcirule_pciexbar_ok(uint64_t pciexbar);

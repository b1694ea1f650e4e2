/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The ACPI tables of a q35 that are the same whoever boots the guest, the SVSM a kernel or the
 * machine a firmware: where power management, the timers and the interrupt lines are (ACPI 6.5,
 * chapter 5; QEMU 7.2, hw/i386/acpi-build.c). They say what a q35 has, and nothing that a host
 * could answer otherwise. Portable. Each returns its size, and writes it when p is not NULL.
 */
#include "base/types.h"

#define ACPI_LAPIC_ADDRESS  0xfee00000u
#define ACPI_IOAPIC_ADDRESS 0xfec00000u

uint32_t acpi_facs(void *p); /* at a multiple of ACPI_FACS_ALIGN */
uint32_t acpi_fadt(void *p); /* its pointers are the caller's to set, and the checksum then */
uint32_t acpi_hpet(void *p);
/* What follows the processors in a MADT: the one IOAPIC, the timer at its pin 2, and the
 * level-triggered lines of PCI and SCI. */
uint32_t acpi_wires(void *p);

#define ACPI_FACS_ALIGN  64 /* 5.2.10 */
#define ACPI_FADT_FACS   36 /* offsets and sizes of the FADT's pointers */
#define ACPI_FADT_DSDT   40
#define ACPI_FADT_X_DSDT 140

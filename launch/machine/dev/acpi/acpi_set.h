/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The three fw_cfg files by which QEMU hands ACPI tables to firmware: the tables in one file with
 * offsets for pointers, the RSDP, and a script that says how to place and link them (QEMU,
 * hw/acpi/bios-linker-loader.c; edk2, OvmfPkg/AcpiPlatformDxe/BootScript.h). They are the machine's
 * own, not QEMU's: those fit the BARs of SeaBIOS, which has run before the monitor, show all of
 * QEMU's CPUs, and change with its version. Portable.
 */
#include "abi/acpi.h"
#include "machine/dev/acpi/acpi_platform.h"

#define ACPI_SET_TABLES   "etc/acpi/tables"
#define ACPI_SET_RSDP     "etc/acpi/rsdp"
#define ACPI_SET_SCRIPT   "etc/table-loader"

#define ACPI_SET_COMMANDS 15

struct acpi_command {
	uint32_t command;
	union {
		struct {
			char file[56];
			uint32_t align;
			uint8_t zone; /* 1: anywhere, 2: 0xe0000 to 0xfffff */
		} PACKED allocate;
		struct {
			char in[56], to[56];
			uint32_t offset;
			uint8_t size;
		} PACKED pointer;
		struct {
			char file[56];
			uint32_t offset, start, length;
		} PACKED checksum;
		uint8_t all[124];
	};
} PACKED;
ABI_SIZE(struct acpi_command, 128, "bios-linker-loader.c: BiosLinkerLoaderEntry");

struct acpi_set {
	const void *dsdt; /* compiled from dsdt.asl */
	uint32_t dsdt_size;
	unsigned vcpus; /* the first ones, which the guest may know of */
	uint8_t *tables;
	uint32_t size; /* of it: acpi_set_size() */
	struct acpi_rsdp rsdp;
	struct acpi_command script[ACPI_SET_COMMANDS];
};

uint32_t acpi_set_size(const struct acpi_set *s);
/* Write all three; the sizes, and all but the values of the windows, are the same each time. */
void acpi_set_make(struct acpi_set *s, const struct acpi_windows *w);

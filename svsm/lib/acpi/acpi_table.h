/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What all ACPI tables have: ACPI 6.5, 5.2.6. Portable. */
#include "abi/acpi.h"

/* 5.2.3.2: where registers are */
struct acpi_gas {
	uint8_t space; /* 1: I/O ports */
	uint8_t width, offset, access;
	uint64_t address;
} PACKED;
ABI_SIZE(struct acpi_gas, 12, "ACPI 5.2.3.2: Generic Address Structure");

/* The byte by which n bytes add up to 0. */
uint8_t acpi_checksum(const void *p, size_t n);
/* Fill in the header of a table of that length, whose bytes stand behind it. */
void acpi_seal(struct acpi_header *h, const char *signature, uint8_t revision, uint32_t length);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the writers of ACPI tables (boot/linux/acpi*.c) share. One CPU at boot; no locks. */
#include "abi/acpi.h"

/* The tables under construction: a buffer that will lie at `at` in guest memory. */
struct acpi_area {
	uint8_t *buf;
	uint64_t at;
	uint64_t room, used;
};

/* Reserve len bytes at an address that is a multiple of 16; panics when there is no room. */
void *acpi_reserve(struct acpi_area *a, uint64_t len);
/* The guest address at which p, a place in the buffer, will lie. */
uint64_t acpi_address(const struct acpi_area *a, const void *p);

/* acpi_madt.c; returns the table's guest address. */
uint64_t acpi_write_madt(struct acpi_area *a);

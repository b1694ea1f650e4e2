/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Show the guest's firmware the machine's ACPI tables (dev/acpi/acpi_set.h). They are made anew
 * each time one of their files is selected, as QEMU makes its own at the first time (hw/i386/
 * acpi-build.c, acpi_build_update()), because firmware reads them when it has placed PCIe's
 * configuration space. CPU 0, once.
 */
void fwacpi_show(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Power management of a q35 (QEMU 7.2, hw/isa/lpc_ich9.c and hw/acpi), which SeaBIOS has put where
 * OVMF wants it:
 *
 *   0x600..603   PM1 status and enable: QEMU's; their interrupt is the SCI, pin 9 of the IOAPIC
 *   0x604 605    PM1 control: QEMU's, but a write with SLP_EN ends the run
 *   0x608..60b   the PM timer: QEMU's, read only
 *   0x60c..67f   GPE, SMI, TCO: absent
 *   0xb2         APM command: 2 and 3 switch ACPI on and off. The others would be an SMI, into
 *                SeaBIOS's SMM on the machine's own CPU: they are dropped
 *   0xb3         APM status: QEMU's
 *
 * Any CPU.
 */
#include "base/types.h"

#define PM_BLOCK_FIRST 0x600
#define PM_BLOCK_LAST  0x67f
#define PM_APM_FIRST   0xb2
#define PM_APM_LAST    0xb3

/* One access that lies in one of the two ranges; of one byte in the second. */
uint32_t pm_in(uint16_t port, unsigned size);
/* True: the machine shall be switched off. */
bool pm_out(uint16_t port, unsigned size, uint32_t value);

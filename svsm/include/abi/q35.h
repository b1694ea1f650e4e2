/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Ports and windows of QEMU's q35 (QEMU 7.2, hw/i386/pc_q35.c, hw/isa/lpc_ich9.c), and of what the
 * harness adds to one on every platform. */
#include "base/types.h"

#define Q35_CONSOLE_PORT  0x3f8 /* the first 16550, IRQ 4 */
#define Q35_DEBUGCON_PORT 0x402 /* isa-debugcon, added: the SVSM's log */
/* isa-serial, added: the channel (abi/host/channel.h). Not COM3 or COM4, which Linux looks at by
 * itself.
 */
#define Q35_CHANNEL_PORT 0x418

#define Q35_PM_BASE      0x600 /* ACPI PM block, where SeaBIOS and OVMF put it */

/* PM1a_CNT of that block, 16 bits. */
#define Q35_POWEROFF_PORT  0x604
#define Q35_POWEROFF_VALUE 0x2000 /* SLP_EN | SLP_TYP 0 */
#define Q35_RESET_PORT     0xcf9

/* Where 64-bit BARs may lie, besides the hole below 4 GiB: the second window of
 * svsm/boot/linux/dsdt.asl. */
#define Q35_MMIO64_BASE 0x8000000000ull
#define Q35_MMIO64_END  0x10000000000ull

/*
 * With firmware in the guest low RAM ends here, where there is more, and the rest lies above 4 GiB
 * (QEMU's max-ram-below-4g, which must not be above the 2 GiB where firmware begins to place PCI
 * devices). What lies between is for the SVSM, of 126 MiB at most.
 */
#define Q35_FIRMWARE_LOW_END (1920ull << 20)

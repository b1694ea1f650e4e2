/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the harness, QEMU and the monitor agree on for the native platform. To the SVSM and its
 * guest native is an SEV-SNP machine. The SVSM takes two things from here: the signature, for one
 * line in its log (platform/native), and the reset port, which is any q35's, for the FADT
 * (boot/linux/acpi.c).
 */
#include "base/types.h"

/* fw_cfg files */
#define NATIVE_FW_IGVM    "opt/org.keelson/igvm"    /* the IGVM file, whole */
#define NATIVE_FW_OPTIONS "opt/org.keelson/options" /* words: see below */
/*
 * options, split by spaces or commas:
 *          "strict"       every event that hardware reflects is reflected
 *          "stats"        exit counters by reason go to the monitor log at the end
 *          "trace"        one log line an exit (slow)
 *          "turns"        all CPUs share one host thread: let the next one go on now and then
 */

#define NATIVE_CONSOLE_PORT     0x3f8 /* guest console, 16550, IRQ 4 */
#define NATIVE_SVSM_LOG_PORT    0x402 /* debugcon: the SVSM's log */
#define NATIVE_MONITOR_LOG_PORT 0x404 /* debugcon: the monitor's log, refused to guests */
#define NATIVE_EXIT_PORT        0xf4  /* isa-debug-exit, 4 bytes; refused to guests */

/* Value written to NATIVE_EXIT_PORT; QEMU exits with (value << 1) | 1 */
enum native_exit {
	NATIVE_EXIT_OFF = 0x10, /* QEMU 33: a guest asked for power off */
	/* QEMU 35: triple fault, termination or broken protocol below VMPL0; 37: the same at it */
	NATIVE_EXIT_GUEST_PANIC = 0x11,
	NATIVE_EXIT_SVSM_PANIC = 0x12,
	NATIVE_EXIT_MONITOR = 0x13,  /* QEMU 39: the monitor itself failed */
	NATIVE_EXIT_BAD_IGVM = 0x14, /* QEMU 41: the IGVM file was refused */
	NATIVE_EXIT_RESET = 0x15,    /* QEMU 43: a guest asked for a reset */
};

/* Guest-visible ACPI power off and reset (PM base of q35, sleep control of a hardware-reduced FADT)
 */
#define NATIVE_POWEROFF_PORT 0x604 /* 16 bits: SLP_EN | SLP_TYP 0 = 0x2000 */
#define NATIVE_RESET_PORT    0xcf9

/* Where 64-bit BARs may lie, besides the hole below 4 GiB: the second window of
 * svsm/boot/linux/dsdt.asl.
 */
#define NATIVE_MMIO64_BASE       0x8000000000ull
#define NATIVE_MMIO64_END        0x10000000000ull

#define NATIVE_CBIT              47
#define NATIVE_HV_SIGNATURE_LEAF 0x40000100 /* "KeelsonNativ": says plainly what this is */

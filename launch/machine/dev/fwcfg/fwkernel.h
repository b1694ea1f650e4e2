/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A kernel for the guest's firmware, in the items where QEMU's -kernel, -initrd and -append put
 * theirs (QEMU 7.2, hw/i386/x86.c, x86_load_linux()). The files are MACHINE_FW_KERNEL and its
 * neighbours (abi/machine.h). As for any guest with SEV, the setup header stays as it is in the
 * file: firmware starts the EFI stub, which asks for none of its fields, and a hash of the items is
 * one of the files.
 */
#include "base/types.h"

#define FWKERNEL_HEAD 0x240 /* so much of a bzImage is looked at */

struct fwkernel {
	uint32_t setup_size;           /* the real-mode part; the kernel follows */
	uint32_t setup_at, cmdline_at; /* where a boot loader without EFI would put them, */
	uint32_t kernel_at, initrd_at; /* and the rest */
};

/* low_end: of RAM below 4 GiB. False when these are no bzImage, or its parts have no room.
 * Portable. */
bool fwkernel_split(const uint8_t head[FWKERNEL_HEAD], uint32_t size, uint32_t cmdline_size,
		    uint32_t initrd_size, uint64_t low_end, struct fwkernel *k);
/* Add the items; without a kernel, none. CPU 0, once. */
void fwkernel_show(uint64_t low_end);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Where things are in the monitor's address space; also read by assembly. */
#include "abi/machine_limits.h"

#ifdef __ASSEMBLER__
#define LAYOUT(n) n
#else
#include "base/types.h"
#define LAYOUT(n) n##ull
/* From the linker script */
extern char image_start[], image_text_end[], image_rodata_end[], image_end[];
#endif

#define HOST_MAX_CPUS (MACHINE_VCPUS_MAX + 1) /* and CPU 0 */

#define DIRECT_BASE   LAYOUT(0xffff800000000000) /* PML4 slot 256: all RAM, and MMIO */
#define GUEST_BASE    LAYOUT(0xffff820000000000) /* slot 260: the guest's memory, by its addresses */
#define GUEST_SIZE    LAYOUT(0x8000000000)
/* In the top 2 GiB, as -mcmodel=kernel wants, and where neither the SVSM nor a guest's Linux (its
 * image below 0xffffffffc0000000, its modules from there on) has code: an address tells a debugger
 * whose it is. */
#define IMAGE_BASE    LAYOUT(0xffffffffe0000000) /* image at IMAGE_BASE + IMAGE_LOAD */
#define STACKS_BASE   LAYOUT(0xfffffffff0000000) /* between guard pages; same tables as the image */
#define WINDOW_BASE   LAYOUT(0xfffffffff8000000) /* two pages a CPU: dev/window.h */
#define IMAGE_LOAD    LAYOUT(0x100000)
#define TRAMPOLINE_PA 0x8000

#define HOST_CS       0x08
#define HOST_DS       0x10
#define HOST_TSS      0x18

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * From a validated SVSM to a guest that waits to be run: its memory, the pages that an SNP guest
 * expects, and the VMSA of its boot vCPU. Which guest it is stands in launch_info (abi/launch.h).
 *
 * Guest memory afterwards, from the top of RAM below 4 GiB downwards (top is 2 MiB aligned):
 *
 *   bare only   16 MiB   RAM left unvalidated and assigned, for tests
 *   reserved     2 MiB   +0 secrets, +0x1000 CPUID page, +0x2000 calling area, +0x3000 VMSA.
 *                        e820 type 2. One region, because Linux maps it early with a 2 MiB page.
 *   loader       2 MiB   +0 boot_params, +0x1000 setup_data and cc_blob (Linux) or bare_info,
 *                        +0x2000 identity page tables of 4 GiB, +0x10000 first stack (64 KiB):
 *                        ordinary RAM. Last 64 KiB: ACPI tables, e820 type 3 (Linux maps type 2
 *                        without the C-bit).
 *
 * All other RAM is validated, with all rights for the guest's VMPL. Firmware (firmware/firmware.c)
 * has none of this: its own list says where it wants these pages, and nothing else is validated. A
 * bare guest starts at the first byte of its image in 64-bit mode as Linux does: RSI = struct
 * bare_info (its first field is the cc_blob), RSP = top of the first stack, interrupts off.
 */
#include "abi/launch.h"
#include "mm/memmap.h"

#define GUEST_HOLE     (16ull << 20)
#define GUEST_REGION   SIZE_2M
#define GUEST_STACK    0x10000u
#define GUEST_ACPI_MAX 0x10000u

/* Where the parts lie; all addresses are page aligned. */
struct guest_layout {
	struct memmap_range hole; /* size 0: none */
	gpa_t reserved, secrets, cpuid, caa, vmsa;
	gpa_t loader, boot_params, blob, pagetables, stack_top, acpi;
};

/*
 * Prepare the guest and register its boot vCPU. On the boot CPU, after memory_init() and
 * smp_init(). What cannot be done (no such kernel, no room, memory that the host gave twice) is a
 * panic: nothing else is running yet, and there is nothing to go on with. LAUNCH_GUEST_NONE:
 * returns at once.
 */
void guest_launch(void);

/* ---- parts, for guest.c ---- */
/* placement.c: choose the layout; false when no place avoids the ranges that the launch has
 * filled. */
bool guest_layout_choose(struct guest_layout *l, const struct launch_info *info,
			 uint64_t kernel_span);
/* guest_ram.c: a stretch of guest memory becomes its VMPL's, with all rights: loaded by the launch,
 * and so validated, as a whole, or new as a whole. Panics when the platform refuses. */
void guest_memory_take(uint64_t base, uint64_t size, bool loaded);
/* guest_ram.c: fill the page-state map, a byte of `states` for each page of memmap_bytes(), for
 * ever; validate all guest RAM and give the guest its rights. */
void guest_memory_init(uint8_t *states);
void guest_memory_validate(const struct launch_info *info, struct memmap_range hole);
/* environment.c: secrets and CPUID page alone, or with them a calling area of zeroes and the first
 * page tables; cc_blob. */
struct cc_blob;
void guest_environment_pages(const struct guest_layout *l, unsigned vmpl);
void guest_environment_write(const struct guest_layout *l, unsigned vmpl);
struct cc_blob guest_environment_blob(const struct guest_layout *l);
/* boot_vmsa.c: make the VMSA of the boot vCPU, which starts there, or (NULL) as after INIT, and
 * register it. */
struct vcpu_entry;
void guest_vmsa_start(const struct guest_layout *l, unsigned vmpl, const struct vcpu_entry *entry);
/* firmware/firmware.c: all of it for a guest that is firmware. */
void guest_firmware_launch(const struct launch_info *l);
/* linux/linux.c, bare/bare.c: write what only they need; *rip and *rsi are for the VMSA. */
uint64_t guest_linux_span(const struct launch_info *info); /* init_size; panics on a bad kernel */
void guest_linux_write(const struct guest_layout *l, const struct launch_info *info, uint64_t *rip,
		       uint64_t *rsi);
void guest_bare_write(const struct guest_layout *l, const struct launch_info *info, uint64_t *rip,
		      uint64_t *rsi);

/* Copy to guest memory or panic: for pages that the SVSM has just validated itself. */
void guest_put(gpa_t g, const void *src, size_t len);

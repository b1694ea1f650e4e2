/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The way from the boot stub to the guest: boot/early.c, boot/memory.c, boot/main.c,
 * boot/cpu_loop.c. */
#include "base/types.h"

NORETURN void early_main(uint64_t cbit, uint32_t versions, uint64_t phys); /* called by boot.S */
NORETURN void
kernel_main(void); /* by early_main(): all of the SVSM's memory is valid; still the boot stack */

/*
 * Memory map, heap, page states and page tables. Boot CPU, once, before anything allocates. A map
 * that makes no sense is a panic, one of more RAM than there is room for is cut.
 */
void memory_init(void);
void memory_announce(void); /* says so when RAM was left out, or why the map is refused: a panic,
			     * which needs the log */

#define SVSM_VERSION "0.1"

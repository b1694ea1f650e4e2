/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Who owns QEMU's RAM: the monitor its block at the top of low RAM, the guest what it is to have.
 */
#include "base/addr.h"

/* Find RAM, choose the block, move the image into it, lay the guest's RAM. CPU 0, once, on the boot
 * stack. */
void mem_init(void);

uint64_t host_low_end(void);              /* first address behind all RAM of QEMU's below 4 GiB */
bool host_is_ram(hpa_t pa, uint64_t len); /* any byte of it is RAM, whoever has it */

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The way from the boot stub to the guest: boot/early.c, boot/main.c, boot/cpu_loop.c. */
#include "base/types.h"

NORETURN void early_main(uint64_t cbit, uint32_t versions); /* called by boot.S */
NORETURN void kernel_main(void); /* by early_main(): .bss is valid and zero; still the boot stack */

#define SVSM_VERSION "0.1"

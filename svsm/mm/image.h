/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Symbols of the image that svsm.lds and boot/boot.S define. Each section's first byte and, _end,
 * the first byte after it; all page aligned. kernel_end: behind .bss. kernel_loaded_end, 2 MiB
 * aligned: what lies between is loaded at launch, as zeroes; what lies behind it is not. */
extern char kernel_text[], kernel_text_end[];
extern char kernel_rodata[], kernel_rodata_end[];
extern char kernel_data[], kernel_loaded_end[];
extern char kernel_end[];
extern char boot_stack[];

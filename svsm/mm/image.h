/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The linker's view of the image (svsm.lds): first and one-past-last bytes, page aligned. */
extern char kernel_text[], kernel_text_end[];
extern char kernel_rodata[], kernel_rodata_end[];
extern char kernel_data[], kernel_loaded_end[];
extern char kernel_bss[], kernel_bss_end[];
extern char kernel_end[];
extern char boot_stack[];

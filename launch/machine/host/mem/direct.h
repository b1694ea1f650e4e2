/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* From physical addresses to the monitor's own and back. */
#include "base/addr.h"

void *host_ptr(hpa_t pa); /* direct map; pa must be RAM, or MMIO below 4G */
/* p lies in the image or in the direct map: a CPU's stack does not, so nothing on it can be handed
 * to a device. */
hpa_t host_pa(const void *p);
/* The image moves to this address at the next switch of the page tables: mem_init(), once. */
void direct_image_moved(uint64_t pa);

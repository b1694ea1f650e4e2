/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The direct map. Every byte of RAM, and the windows of MMIO, lie at DIRECT_BASE plus their
 * physical address; only the image lies elsewhere, and it moves once.
 */
#include "machine/host/mem/direct.h"
#include "machine/host_assert.h"
#include "machine/layout.h"

static uint64_t image_pa = IMAGE_LOAD;

void *host_ptr(hpa_t pa)
{
	return (void *)(DIRECT_BASE + pa.v);
}

hpa_t host_pa(const void *p)
{
	uint64_t va = (uint64_t)p;

	if (va >= (uint64_t)image_start && va < (uint64_t)image_end)
		return hpa(va - (uint64_t)image_start + image_pa);
	HOST_ASSERT(va >= DIRECT_BASE && va < IMAGE_BASE);
	return hpa(va - DIRECT_BASE);
}

void direct_image_moved(uint64_t pa)
{
	image_pa = pa;
}

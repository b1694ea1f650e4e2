/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/memory.h"
#include "machine/dev/disk/function.h"
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/iommu/dma_fault.h"

bool memory_read(gpa_t g, void *to, size_t n)
{
	if (fwdev_guest_read(g, to, n))
		return true;
	dma_fault_refused(function_number(), g, n, false);
	return false;
}

bool memory_write(gpa_t g, const void *from, size_t n)
{
	if (fwdev_guest_write(g, from, n))
		return true;
	dma_fault_refused(function_number(), g, n, true);
	return false;
}

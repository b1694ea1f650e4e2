/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What devices were refused (iommu/dma.h): told, and counted. Any CPU. */
#include "base/addr.h"

/* A line for each refused access since the last call, up to a limit for the whole run. True when
 * there ever was one. */
bool dma_fault_report(void);
/* A device of the machine's own, bus << 8 | slot << 3 | function, was refused the n bytes at g, n
 * up to a page: as if the IOMMU had refused it. */
void dma_fault_refused(uint16_t device, gpa_t g, size_t n, bool write);
/* "device 00:02.0 may not write 0x1000: private, validated": the first one; "" before. */
const char *dma_fault_first(void);
/* The last words of a run: how many were seen, and a "stats: KEY VALUE" line if asked for. */
void dma_fault_end(void);

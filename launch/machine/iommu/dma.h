/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Which pages devices reach: those that the RMP gives to the hypervisor, as the IOMMU of a host
 * with SNP checks each access of a device (APM vol. 2, 15.36.10). One table for all devices
 * translates guest physical addresses to host pages. It starts empty, as nothing is
 * shared before the launch, and snp/rmp/rmp.c keeps it in line from then on.
 */
#include "base/addr.h"

/* CPU 0, once, before the RMP changes. Without an IOMMU devices reach everything: one log line. */
void dma_init(void);
/* The n pages (1, or 512 from a 2 MiB boundary on) from g on are open to devices from now on, or
 * closed; on return no device uses one that was closed. The caller holds the RMP's lock of that
 * region. */
void dma_sync(gpa_t g, unsigned n, bool open);
void dma_print(void); /* "stats: KEY VALUE" lines */

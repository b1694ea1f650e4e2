/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * QEMU's intel-iommu: VT-d in legacy mode, invalidations by registers, one domain for all devices.
 * Sections are named as Intel's "Virtualization Technology for Directed I/O" names them, since
 * their numbers moved. Interrupts are not remapped: a device's write to 0xfeexxxxx stays a message.
 */
#include "base/addr.h"

#define IOMMU_BASE 0xfed90000ull /* a page of registers, where QEMU has them on q35 */
#define IOMMU_BITS 39            /* of the addresses that devices use: three levels of tables */

/* Bits of an entry in each level of the table (Second-Stage Paging Entries) */
#define IOMMU_READ  BIT(0)
#define IOMMU_WRITE BIT(1)

/* Fault Conditions: an address-translation request without the right */
#define IOMMU_NO_WRITE 5
#define IOMMU_NO_READ  6

struct iommu_fault {
	gpa_t page;
	uint16_t device; /* bus << 8 | slot << 3 | function */
	uint8_t reason;  /* IOMMU_NO_WRITE and the like */
	bool write;
};

/* Everything that devices do goes through the three-level table at root from here on. False: this
 * machine has no such IOMMU, and nothing was changed. CPU 0, once, before any guest runs. */
bool iommu_init(hpa_t root);
/* The entries of n pages (a power of two up to 512, page aligned by n) from g on gave more before:
 * on return no device uses what they were. Any CPU, which may hold an RMP lock. */
void iommu_forget(gpa_t g, unsigned n);
/* The next refused access that the hardware has kept; false: there is none. One CPU at a time. */
bool iommu_fault_take(struct iommu_fault *f);
/* There were more since the last call than it keeps. One CPU at a time. */
bool iommu_faults_lost(void);

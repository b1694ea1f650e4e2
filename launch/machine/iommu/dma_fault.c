/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The IOMMU keeps a few refused accesses and interrupts CPU 0, which tells them here; at the end of
 * a run whoever ends it looks once more. A device may be refused as often as its guest likes, so
 * lines are bounded. The page's state is that of now: it may have changed since the access.
 */
#include "machine/iommu/dma_fault.h"
#include "machine/iommu/iommu.h"
#include "machine/cpu/guard.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/host/smp.h"
#include "lib/fmt.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define LINES_MAX 64
#define LINE      120

static struct spinlock lock; /* all below, and the IOMMU's records */
static uint64_t faults;
static bool lost, lost_told;
static char first[LINE];

static void tell(const struct iommu_fault *f)
{
	char line[LINE];

	fmt_scnprintf(line, sizeof(line), "device %02x:%02x.%x may not %s 0x%llx: %s",
		      f->device >> 8, f->device >> 3 & 31, f->device & 7,
		      f->write ? "write" : "read", (unsigned long long)f->page.v,
		      guard_page_state(f->page));
	if (!faults)
		memcpy(first, line, sizeof(first));
	if (faults++ < LINES_MAX)
		host_log("DMA: %s (VT-d reason %u)", line, f->reason);
	else if (faults == LINES_MAX + 1)
		host_log("DMA: from here on refused accesses are only counted");
}

/* Of a device that has one recorded the IOMMU forgets the next ones, and says nothing of it (QEMU
 * 7.2, hw/i386/intel_iommu.c, vtd_try_collapse_fault()): how many there were nobody knows.
 * While one is told the next may come: a device that never stops must not keep the CPU here. */
bool dma_fault_report(void)
{
	struct iommu_fault f;
	bool any;

	spin_lock(&lock);
	for (unsigned i = 0; i < LINES_MAX && iommu_fault_take(&f); i++)
		tell(&f);
	lost |= iommu_faults_lost();
	if (lost && !lost_told)
		host_log("DMA: there were more at once than the IOMMU records");
	lost_told = lost;
	any = faults;
	spin_unlock(&lock);
	return any;
}

/* Of two pages the first that is not shared is the one. */
static gpa_t refused_page(gpa_t g, size_t n)
{
	uint64_t here = MIN(PAGE_SIZE - (g.v & PAGE_MASK), (uint64_t)n);

	return gpa_page(guard_is_shared(g, here) ? gpa_add(g, here) : g);
}

/* CPU 0 looks at once, as the IOMMU's interrupt has it do. */
void dma_fault_refused(uint16_t device, gpa_t g, size_t n, bool write)
{
	const struct iommu_fault f = {.page = refused_page(g, n),
				      .device = device,
				      .reason = write ? IOMMU_NO_WRITE : IOMMU_NO_READ,
				      .write = write};

	spin_lock(&lock);
	tell(&f);
	spin_unlock(&lock);
	host_kick(0);
}

const char *dma_fault_first(void)
{
	return first;
}

void dma_fault_end(void)
{
	if (dma_fault_report())
		host_log("DMA: devices were refused at least %llu accesses",
			 (unsigned long long)faults);
	if (host_options.stats)
		host_log("stats: dma.faults %llu", (unsigned long long)faults);
}

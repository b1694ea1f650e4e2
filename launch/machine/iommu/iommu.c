/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The registers of VT-d (Register Descriptions), and the two tables above the one that all
 * devices share. QEMU does what a command asks for while the register is written; the waits are
 * for what the specification allows.
 */
#include "machine/iommu/iommu.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/pool.h"
#include "machine/host/percpu.h"
#include "machine/host/wait.h"
#include "machine/host_assert.h"
#include "lib/spinlock.h"

enum {
	REG_VER = 0x00,
	REG_CAP = 0x08,
	REG_ECAP = 0x10,
	REG_GCMD = 0x18,
	REG_GSTS = 0x1c,
	REG_RTADDR = 0x20,
	REG_CCMD = 0x28,
	REG_FSTS = 0x34,
	REG_FECTL = 0x38,
	REG_FEDATA = 0x3c,
	REG_FEADDR = 0x40,
};

/* Capability Register: what this driver builds on */
#define CAP_SAGAW_39 BIT(9)
#define CAP_PSI      BIT(39) /* invalidation of single pages */
#define CAP_MAMV(c)  ((c) >> 48 & 0x3f)
#define CAP_FRO(c)   ((unsigned)((c) >> 24 & 0x3ff) * 16)
#define CAP_NFR(c)   ((unsigned)((c) >> 40 & 0xff) + 1)
#define ECAP_IRO(c)  ((unsigned)((c) >> 8 & 0x3ff) * 16)
#define ORDER_2M     9

#define GCMD_TE      BIT(31)
#define GCMD_SRTP    BIT(30)
#define CCMD_GLOBAL  (BIT(63) | 1ull << 61)
#define IOTLB_GLOBAL (BIT(63) | 1ull << 60)
#define IOTLB_PAGES  (BIT(63) | 3ull << 60)
#define IOTLB_DRAIN  (3ull << 48)
#define IOTLB_DID(d) ((d) << 32)
#define FSTS_PFO     BIT(0)

/* Fault Recording Registers, 128 bits each */
#define FRCD_SIZE   16
#define FRCD_FAULT  BIT(63)
#define FRCD_READ   BIT(62)
#define FRCD_REASON 32

/* Root Entry and Context Entry, 128 bits each */
#define TABLE_ENTRIES 256
#define PRESENT       1
#define CONTEXT_39    1ull /* address width: three levels */
#define CONTEXT_DID   8
#define DOMAIN        1ull

#define MSI_BASE      0xfee00000u
#define MSI_DEST      12
#define WAIT_MS       2000

static char *regs; /* NULL: no IOMMU */
static unsigned iotlb, records, record_count;
static struct spinlock lock; /* the invalidation registers */

static uint32_t get32(unsigned reg)
{
	return *(volatile uint32_t *)(regs + reg);
}

static uint64_t get64(unsigned reg)
{
	return *(volatile uint64_t *)(regs + reg);
}

static void set32(unsigned reg, uint32_t v)
{
	*(volatile uint32_t *)(regs + reg) = v;
}

static void set64(unsigned reg, uint64_t v)
{
	*(volatile uint64_t *)(regs + reg) = v;
}

/* The command register takes one new bit at a time, beside those that are to stay. */
static void command(uint32_t bit)
{
	struct patience p = host_patience(WAIT_MS);

	set32(REG_GCMD, bit);
	while (!(get32(REG_GSTS) & bit))
		HOST_ASSERT(!host_patience_over(&p));
}

/* Bit 63 of both invalidation registers stays set until it is done. */
static void invalidate(unsigned reg, uint64_t what)
{
	struct patience p = host_patience(WAIT_MS);

	set64(reg, what);
	while (get64(reg) & BIT(63))
		HOST_ASSERT(!host_patience_over(&p));
}

/* The root table: every bus has the same context table, and that the same context 256 times. */
static hpa_t contexts(hpa_t root)
{
	uint64_t *buses = host_pages_alloc(1), *functions = host_pages_alloc(1);

	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		functions[2 * i] = root.v | PRESENT;
		functions[2 * i + 1] = DOMAIN << CONTEXT_DID | CONTEXT_39;
		buses[2 * i] = host_pa(functions).v | PRESENT;
	}
	return host_pa(buses);
}

/* Where there is no device QEMU reads zeroes, and other machines ones. */
static bool usable(void)
{
	uint64_t cap = get64(REG_CAP);

	if (!get32(REG_VER) || get32(REG_VER) == ~0u)
		return false;
	if ((cap & CAP_SAGAW_39) && (cap & CAP_PSI) && CAP_MAMV(cap) >= ORDER_2M)
		return true;
	host_log("IOMMU: capabilities 0x%llx lack what I need", (unsigned long long)cap);
	return false;
}

/* A fault sends a message to this CPU, which is the monitor's. */
static void faults_init(void)
{
	set32(REG_FEDATA, VECTOR_IOMMU);
	set32(REG_FEADDR, MSI_BASE | percpus[0].apic_id << MSI_DEST);
	set32(REG_FECTL, 0);
}

/* Set Root Table Pointer Operation: set it, forget everything, then translate. */
bool iommu_init(hpa_t root)
{
	regs = host_ptr(hpa(IOMMU_BASE));
	if (!usable()) {
		regs = NULL;
		return false;
	}
	iotlb = ECAP_IRO(get64(REG_ECAP));
	records = CAP_FRO(get64(REG_CAP));
	record_count = CAP_NFR(get64(REG_CAP));
	set64(REG_RTADDR, contexts(root).v);
	command(GCMD_SRTP);
	invalidate(REG_CCMD, CCMD_GLOBAL);
	invalidate(iotlb + 8, IOTLB_GLOBAL | IOTLB_DRAIN);
	faults_init();
	command(GCMD_TE);
	return true;
}

/* The address register first, then the one that starts it. */
void iommu_forget(gpa_t g, unsigned n)
{
	if (!regs)
		return;
	spin_lock(&lock);
	set64(iotlb, g.v | (unsigned)__builtin_ctz(n));
	invalidate(iotlb + 8, IOTLB_PAGES | IOTLB_DRAIN | IOTLB_DID(DOMAIN));
	spin_unlock(&lock);
}

/* Writing its F bit frees a record. */
bool iommu_fault_take(struct iommu_fault *f)
{
	for (unsigned i = 0; regs && i < record_count; i++) {
		unsigned at = records + FRCD_SIZE * i;
		uint64_t page = get64(at), what = get64(at + 8);

		if (!(what & FRCD_FAULT))
			continue;
		set64(at + 8, FRCD_FAULT);
		*f = (struct iommu_fault){.page = gpa_page(gpa(page)),
					  .device = (uint16_t)what,
					  .reason = (uint8_t)(what >> FRCD_REASON),
					  .write = !(what & FRCD_READ)};
		return true;
	}
	return false;
}

bool iommu_faults_lost(void)
{
	if (!regs || !(get32(REG_FSTS) & FSTS_PFO))
		return false;
	set32(REG_FSTS, FSTS_PFO);
	return true;
}

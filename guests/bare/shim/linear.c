/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The payload's page tables, walked by hand: none of them has a C-bit. A and D bits stay as they
 * are. */
#include "bare/shim/shim.h"
#include "lib/string.h"

bool linear_mode64(const struct vmsa *v)
{
	return (v->efer & EFER_LMA) && (v->cs.attrib & BIT(9));
}

uint64_t linear_rip(const struct vmsa *v)
{
	return linear_mode64(v) ? v->rip : (uint32_t)(v->cs.base + v->rip);
}

/* One entry of size bytes at a physical address; 0 where there is no RAM. */
static uint64_t entry(uint64_t at, unsigned size)
{
	uint64_t e = 0;
	const void *p = memory_at(at, size);

	if (p)
		memcpy(&e, p, size);
	return e;
}

static bool walk_pae(const struct vmsa *v, uint64_t la, uint64_t *gpa)
{
	bool lma = v->efer & EFER_LMA;
	uint64_t table = lma ? v->cr3 & PTE_ADDR : v->cr3 & 0xffffffe0, e;

	for (unsigned shift = !lma ? 30 : v->cr4 & CR4_LA57 ? 48 : 39;; shift -= 9) {
		e = entry(table + (la >> shift & 511) * 8, 8);
		if (!(e & PTE_P))
			return false;
		if (shift == PAGE_SHIFT || ((e & PTE_PS) && shift <= 30)) {
			uint64_t offset = (1ull << shift) - 1;

			*gpa = (e & PTE_ADDR & ~offset) | (la & offset);
			return true;
		}
		table = e & PTE_ADDR;
	}
}

static bool walk_legacy(const struct vmsa *v, uint64_t la, uint64_t *gpa)
{
	uint64_t e = entry((v->cr3 & 0xfffff000) + (la >> 22 & 1023) * 4, 4);

	if (!(e & PTE_P))
		return false;
	if ((e & PTE_PS) && (v->cr4 & CR4_PSE)) {
		*gpa = (e & 0xffc00000) | (la & 0x3fffff);
		return true;
	}
	e = entry((e & 0xfffff000) + (la >> 12 & 1023) * 4, 4);
	*gpa = (e & 0xfffff000) | (la & PAGE_MASK);
	return e & PTE_P;
}

static bool walk(const struct vmsa *v, uint64_t la, uint64_t *gpa)
{
	if (!(v->efer & EFER_LMA))
		la = (uint32_t)la;
	*gpa = la;
	if (!(v->cr0 & CR0_PG))
		return true;
	return v->cr4 & CR4_PAE ? walk_pae(v, la, gpa) : walk_legacy(v, la, gpa);
}

static bool copy(const struct vmsa *v, uint64_t la, uint8_t *buf, unsigned n, bool write)
{
	while (n) {
		unsigned part = (unsigned)MIN((uint64_t)n, PAGE_SIZE - (la & PAGE_MASK));
		uint64_t gpa;
		void *p = walk(v, la, &gpa) ? memory_at(gpa, part) : NULL;

		if (!p)
			return false;
		if (write)
			memcpy(p, buf, part);
		else
			memcpy(buf, p, part);
		la += part;
		buf += part;
		n -= part;
	}
	return true;
}

bool linear_read(const struct vmsa *v, uint64_t la, void *buf, unsigned n)
{
	return copy(v, la, buf, n, false);
}

bool linear_write(const struct vmsa *v, uint64_t la, const void *buf, unsigned n)
{
	return copy(v, la, (uint8_t *)(uintptr_t)buf, n, true);
}

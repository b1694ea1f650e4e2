/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-tests of memory on the real machine: the allocator, the rights in the page tables, fault
 * fix-ups, and guest memory with pages that are valid, not valid, or half of each. They leave
 * memory as they found it, because a guest may start afterwards.
 */
#include "base/x86.h"
#include "mm/copy.h"
#include "cpu/desc.h"
#include "mm/image.h"
#include "mm/paging.h"
#include "mm/secrets.h"
#include "mm/alloc.h"
#include "mm/guest_mem.h"
#include "mm/launch_area.h"
#include "mm/memmap.h"
#include "cpu/percpu.h"
#include "selftest/selftest.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "platform/platform.h"

SELFTEST(alloc)
{
	size_t before = alloc_free_pages();
	void *p[ALLOC_MAX_ORDER + 1];

	for (unsigned o = 0; o <= ALLOC_MAX_ORDER; o++) {
		p[o] = alloc_pages(o);
		SELFTEST_TRUE(p[o]);
		SELFTEST_EQ((uint64_t)p[o] & ((PAGE_SIZE << o) - 1), 0);
		for (uint64_t *q = p[o]; q < (uint64_t *)((char *)p[o] + (PAGE_SIZE << o));
		     q += 64) {
			SELFTEST_EQ(*q, 0);
			*q = o + 1;
		}
	}
	for (unsigned o = 0; o <= ALLOC_MAX_ORDER; o++) {
		SELFTEST_EQ(*(uint64_t *)p[o], o + 1);
		alloc_pages_free(p[o], o);
	}
	SELFTEST_EQ(alloc_free_pages(), before);
	fmt_snprintf(detail, SELFTEST_DETAIL, "%lu pages free", before);
	return true;
}

/* Every byte of [p, p + size) but those that link free blocks. */
static bool is_wiped(const volatile uint8_t *p, size_t size)
{
	for (size_t i = 2 * sizeof(void *); i < size; i++)
		if (p[i])
			return false;
	return true;
}

/* Only here is memory looked at after it was freed. No other CPU takes any meanwhile. */
SELFTEST(freed_memory)
{
	static const size_t sizes[] = {24, 512, 2048, PAGE_SIZE, 8 * PAGE_SIZE};

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		uint8_t *p = alloc(sizes[i]);

		SELFTEST_TRUE(p);
		memset(p, 0xa5, sizes[i]);
		SELFTEST_TRUE(!is_wiped(p, sizes[i]));
		alloc_free(p, sizes[i]);
		SELFTEST_TRUE(is_wiped(p, sizes[i]));
	}
	return true;
}

/* VMPCK0 cannot be read but by somebody who opens the page. */
SELFTEST(secrets_page)
{
	uint8_t v;

	SELFTEST_EQ(paging_lookup((uint64_t)&snp_secrets_page, NULL), 0);
	SELFTEST_EQ(fault_read8(snp_secrets_page.vmpck[VMPL_SVSM], &v), -1);
	SELFTEST_TRUE(secrets_open()->version);
	secrets_close();
	SELFTEST_EQ(fault_read8(snp_secrets_page.vmpck[VMPL_SVSM], &v), -1);
	return true;
}

/* Walks all page tables. Returns the number of leaf entries; *bad counts those that are writable
 * and executable, or open to ring 3. */
static unsigned walk(uint64_t entry, unsigned level, unsigned *bad)
{
	const uint64_t *t = paging_va(gpa(entry & PTE_ADDR & ~platform_cbit));
	unsigned n = 0;

	for (unsigned i = 0; i < 512; i++) {
		if (!(t[i] & PTE_P))
			continue;
		if (level && !(t[i] & PTE_PS)) {
			n += walk(t[i], level - 1, bad);
			continue;
		}
		n++;
		*bad += (t[i] & PTE_W && !(t[i] & PTE_NX)) || t[i] & PTE_U;
	}
	return n;
}

SELFTEST(page_tables)
{
	unsigned bad = 0;
	unsigned n = walk(read_cr3(), 3, &bad);

	SELFTEST_EQ(bad, 0);
	SELFTEST_EQ(paging_lookup((uint64_t)kernel_text, NULL) & (PTE_W | PTE_NX), 0);
	SELFTEST_EQ(paging_lookup((uint64_t)kernel_rodata, NULL) & (PTE_W | PTE_NX), PTE_NX);
	SELFTEST_EQ(paging_lookup(paging_kernel_phys, NULL), 0); /* the entry page is unmapped */
	SELFTEST_EQ(paging_lookup(GUEST_MAP_BASE + launch_info.svsm.gpa, NULL), 0);
	SELFTEST_EQ(read_cr4() & (CR4_SMEP | CR4_SMAP | CR4_UMIP),
		    paging_cr4() & (CR4_SMEP | CR4_SMAP | CR4_UMIP));
	SELFTEST_TRUE(read_cr0() & CR0_WP);
	fmt_snprintf(detail, SELFTEST_DETAIL, "%u leaves", n);
	return true;
}

SELFTEST(fault_fixup)
{
	const struct cpu_desc *d = percpu_this()->desc;
	uint64_t v;

	SELFTEST_EQ(fault_write8((void *)(d->main.base - 1), 1), -1);
	for (unsigned i = IST_VC; i < IST_COUNT; i++)
		SELFTEST_EQ(fault_write8((void *)(d->ist[i].base - 1), 1), -1);
	SELFTEST_EQ(fault_write8(kernel_text, 0x90), -1);
	SELFTEST_EQ(fault_write8(kernel_rodata, 0), -1);
	SELFTEST_EQ(fault_read64((void *)0x1234560, &v), -1);
	SELFTEST_EQ(fault_read64((void *)0x8000000000000000, &v), -1); /* not canonical: #GP */
	SELFTEST_EQ(fault_read64(&d->main.top, &v), 0);
	SELFTEST_EQ(v, d->main.top);
	return true;
}

static bool clashes(const struct launch_range *r, uint64_t g, uint64_t len)
{
	return r->size && g < r->gpa + r->size && r->gpa < g + len;
}

static bool loaded(uint64_t g, uint64_t len)
{
	const struct launch_info *l = &launch_info;

	return clashes(&l->kernel, g, len) || clashes(&l->setup, g, len) ||
	       clashes(&l->initrd, g, len) || clashes(&l->cmdline, g, len);
}

/* The highest 4 MiB of guest RAM that the launch has not loaded, so not validated. False: there is
 * none. */
static bool find_fresh(gpa_t *g)
{
	const struct memmap_range *r;
	unsigned n = memmap_guest_ranges(&r);

	while (n--) {
		uint64_t at = ALIGN_DOWN(r[n].base.v + r[n].size, SIZE_2M);

		for (; at >= r[n].base.v + 2 * SIZE_2M; at -= SIZE_2M)
			if (!loaded(at - 2 * SIZE_2M, 2 * SIZE_2M)) {
				*g = gpa(at - 2 * SIZE_2M);
				return true;
			}
	}
	return false;
}

/* Accepts or releases a 2M page, in 4K steps where its RMP entries are 4K ones. */
static enum platform_result set_valid(gpa_t g, bool valid)
{
	enum platform_result (*step)(gpa_t g, enum platform_size size) =
		valid ? platform->page_accept : platform->page_release;
	enum platform_result r = step(g, PLATFORM_2M);

	if (r != PLATFORM_SIZEMISMATCH)
		return r;
	r = PLATFORM_OK;
	for (uint64_t at = 0; at < SIZE_2M && !r; at += PAGE_SIZE)
		r = step(gpa_add(g, at), PLATFORM_4K);
	return r;
}

SELFTEST(guest_memory)
{
	static uint8_t buf[2 * PAGE_SIZE];
	gpa_t g, edge;
	uint64_t v = 0;

	SELFTEST_TRUE(find_fresh(&g));
	edge = gpa_add(g, SIZE_2M); /* valid below, not valid from here */
	SELFTEST_TRUE(!guest_read64(g, &v));
	SELFTEST_EQ(set_valid(g, true), PLATFORM_OK);
	SELFTEST_EQ(set_valid(g, true), PLATFORM_NO_CHANGE);
	SELFTEST_TRUE(guest_zero(g, PAGE_SIZE));
	SELFTEST_TRUE(guest_write64(g, 0x1122334455667788) && guest_read64(g, &v));
	SELFTEST_EQ(v, 0x1122334455667788);
	SELFTEST_TRUE(guest_copy_in(buf, g, 16));
	SELFTEST_EQ(buf[0], 0x88);
	SELFTEST_TRUE(guest_clear64(g, 0xffff) && guest_set64(g, 0x81) && guest_read64(g, &v));
	SELFTEST_EQ(v, 0x1122334455660081);
	SELFTEST_TRUE(!guest_read64(gpa_add(g, 4), &v)); /* not aligned */
	SELFTEST_TRUE(!guest_clear64(gpa_add(g, 4), 1) && !guest_set64(gpa_add(g, 4), 1));
	SELFTEST_TRUE(guest_copy_in(buf, gpa(edge.v - PAGE_SIZE), PAGE_SIZE));
	SELFTEST_TRUE(!guest_copy_in(buf, gpa(edge.v - PAGE_SIZE), PAGE_SIZE + 1));
	SELFTEST_TRUE(!guest_copy_out(gpa(edge.v - 8), buf, 16));
	SELFTEST_EQ(set_valid(g, false), PLATFORM_OK);
	SELFTEST_TRUE(!guest_read64(g, &v) && !guest_zero(g, 8));
	SELFTEST_TRUE(!guest_clear64(g, 1) && !guest_set64(g, 1));
	SELFTEST_TRUE(!guest_copy_in(buf, gpa(launch_info.svsm.gpa), 1));
	SELFTEST_TRUE(!guest_copy_in(buf, memmap_end(), 1));
	SELFTEST_TRUE(!guest_copy_in(buf, gpa(~0ull), 2));
	return true;
}

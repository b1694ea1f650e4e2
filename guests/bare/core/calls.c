/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Tables of core calls, the addresses that every call refuses, and regions put in order again. */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/vmpl2.h"

/*
 * Runs each row as a case. Whatever the result, the call must be over (call_pending 0), and a
 * refused call must have changed no register but RAX.
 */
void calls_run(const struct call_row *row, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct svsm_call c = {row[i].call, row[i].rcx, row[i].rdx, row[i].r8, row[i].r9, 0};

		test_case("%s", row[i].name);
		CHECK_EQ(svsm_call(&c), row[i].result);
		CHECK_EQ(c.pending, 0);
		if (row[i].result == SVSM_SUCCESS)
			continue;
		CHECK_EQ(c.rcx, row[i].rcx);
		CHECK_EQ(c.rdx, row[i].rdx);
		CHECK_EQ(c.r8, row[i].r8);
		CHECK_EQ(c.r9, row[i].r9);
	}
}

bool calls_has_protocol(uint32_t protocol)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = (uint64_t)protocol << 32 | 1};

	return svsm_call(&c) == SVSM_SUCCESS && c.rcx;
}

/*
 * Pages that are not the guest's memory. The SVSM must refuse each of them in every call that names
 * a page.
 */
const struct bad_address *calls_bad_addresses(void)
{
	static struct bad_address a[12];
	const struct bare_info *b = vmpl2_info();
	unsigned n = 0;

	a[n++] = (struct bad_address){"first page of the SVSM", b->svsm.base, true};
	a[n++] = (struct bad_address){"inside the SVSM",
				      ALIGN_DOWN(b->svsm.base + b->svsm.size / 2, PAGE_SIZE), true};
	a[n++] = (struct bad_address){"last page of the SVSM",
				      b->svsm.base + b->svsm.size - PAGE_SIZE, true};
	a[n++] = (struct bad_address){"no RAM there", MEM_NOT_RAM, false};
	a[n++] = (struct bad_address){"local APIC", 0xfee00000, false};
	a[n++] = (struct bad_address){"beyond RAM", MEM_TOO_HIGH, false};
	a[n++] = (struct bad_address){"C-bit set", paging_cbit | MEM_REGION(0), false};
	a[n++] = (struct bad_address){"bit 51 set", BIT(51) | MEM_REGION(0), false};
	a[n++] = (struct bad_address){"last page of all", ~PAGE_MASK, false};
	a[n++] = (struct bad_address){"shared page (the GHCB)", percpu()->ghcb_gpa, false};
	a[n] = (struct bad_address){0};
	return a;
}

uint64_t calls_unvalidated(void)
{
	return vmpl2_info()->unvalidated.base;
}

/*
 * Is the whole region the guest's to read and write? A page that is lost ends the guest here, which
 * the harness sees.
 */
bool calls_region_intact(unsigned n)
{
	volatile uint64_t *p = (volatile uint64_t *)MEM_REGION(n);

	for (unsigned i = 0; i < 512; i++)
		p[i * 512] = i;
	for (unsigned i = 0; i < 512; i++) {
		if (p[i * 512] != i)
			return false;
	}
	return true;
}

/* For a region that earlier cases have split into 4K entries. */
static uint64_t rescind_each(unsigned n)
{
	uint64_t r = SVSM_SUCCESS;

	for (unsigned i = 0; i < 512 && r == SVSM_SUCCESS; i++)
		r = svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(n, i), RMP_PG_4K, false) |
				   SVSM_PVALIDATE_IGNORE_CF);
	return r;
}

/*
 * Brings a region back to one valid 2M entry. Shared and private again is what makes the hypervisor
 * use one entry.
 */
static uint64_t fresh(unsigned n)
{
	const uint64_t whole =
		SVSM_ENTRY(MEM_REGION(n), RMP_PG_2M, false) | SVSM_PVALIDATE_IGNORE_CF;
	uint64_t r = svsm_pvalidate(whole);

	if (r == SVSM_ERR_PVALIDATE_SIZEMISMATCH)
		r = rescind_each(n);
	if (r != SVSM_SUCCESS)
		return r;
	if (ghcb_psc(MEM_REGION(n), GHCB_PSC_SHARED, true) != 0 ||
	    ghcb_psc(MEM_REGION(n), GHCB_PSC_PRIVATE, true) != 0)
		return ~0ull;
	return svsm_pvalidate(SVSM_ENTRY(MEM_REGION(n), RMP_PG_2M, true));
}

bool calls_region_fresh(unsigned n)
{
	return fresh(n) == SVSM_SUCCESS;
}

/* A guest may ask for 2M, and the hypervisor may have 4K entries in the RMP all the same. */
void calls_need_fresh(unsigned n)
{
	uint64_t r = fresh(n);

	if (r != SVSM_ERR_PVALIDATE_SIZEMISMATCH || scope_own()) {
		REQUIRE_EQ(r, SVSM_SUCCESS);
		return;
	}
	for (unsigned i = 0; i < 512; i++)
		REQUIRE_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(n, i), RMP_PG_4K, true)),
			   SVSM_SUCCESS);
	test_skip("the host backs this memory with 4K pages");
}

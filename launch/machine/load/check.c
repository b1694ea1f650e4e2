/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The rules that depend on this machine: is there RAM for every page, is every parameter offered,
 * can vCPU 0 start from this VMSA? The format itself has been checked by lib/igvm*.c.
 */
#include "machine/load/check.h"
#include "machine/host/exit.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/load/area.h"
#include "abi/machine.h"
#include "abi/vmsa.h"
#include "lib/string.h"

struct check {
	const struct loader *l;
	const struct igvm_iter *it;
	uint8_t *claimed; /* a bit for each page of RAM that the file fills */
	bool context, policy;
};

static void need_ram(const struct igvm_header *h, uint64_t at, uint64_t size)
{
	if (size && !host_guest_ram(gpa(at), size))
		loader_refuse(
			h,
			"0x%llx..0x%llx needs RAM that this machine has not: give it more (--mem)",
			(unsigned long long)at, (unsigned long long)(at + size));
}

/* The security processor takes a page once only. */
static void claim(struct check *c, const struct igvm_header *h, uint64_t at, uint64_t size)
{
	need_ram(h, at, size);
	for (uint64_t pfn = at >> PAGE_SHIFT; pfn < (at + size) >> PAGE_SHIFT; pfn++) {
		if (c->claimed[pfn / 8] & 1u << pfn % 8)
			loader_refuse(h, "page 0x%llx is filled twice",
				      (unsigned long long)pfn << PAGE_SHIFT);
		c->claimed[pfn / 8] |= (uint8_t)(1u << pfn % 8);
	}
}

/*
 * The monitor does not enforce the policy. It refuses one that no firmware takes (56860, guest
 * policy).
 */
static void check_policy(struct check *c, const struct igvm_header *h)
{
	const struct igvm_guest_policy *p = h->body;

	if (!(p->policy & IGVM_SNP_POLICY_ONE))
		loader_refuse(h, "bit 17 of an SNP policy must be one");
	if (p->policy & ~IGVM_SNP_POLICY_KNOWN)
		loader_refuse(h, "unknown SNP policy bits 0x%llx",
			      (unsigned long long)(p->policy & ~IGVM_SNP_POLICY_KNOWN));
	if (p->policy & IGVM_SNP_POLICY_MIGRATE_MA)
		loader_refuse(h, "there is no migration agent here");
	c->policy = true;
}

static void check_page(struct check *c, const struct igvm_header *h)
{
	const struct igvm_page_data *p = h->body;

	if (p->type != IGVM_PAGE_NORMAL && p->flags & (IGVM_PAGE_2M | IGVM_PAGE_SHARED))
		loader_refuse(h, "a secrets or CPUID page that is shared or large");
	claim(c, h, p->gpa, igvm_page_size(p));
}

/* Never NULL: lib/igvm has refused a file that names an area which it does not declare. */
static const struct igvm_area_state *area_of(const struct check *c, uint32_t index)
{
	for (uint32_t i = 0; i < c->it->area_count; i++)
		if (c->it->areas[i].index == index)
			return &c->it->areas[i];
	host_fault("igvm: parser let an unknown area pass");
}

/* Areas are kept in the pool, so a file must not ask for all of it. */
static void check_area(const struct igvm_header *h)
{
	const struct igvm_parameter_area *a = h->body;

	if (a->size > LOADER_AREA_PAGES * PAGE_SIZE)
		loader_refuse(h, "larger than %u pages", LOADER_AREA_PAGES);
}

static void check_parameter(const struct check *c, const struct igvm_header *h)
{
	const struct igvm_parameter *p = h->body;
	uint64_t room = area_of(c, p->index)->size - p->offset;
	uint32_t size = area_parameter_size(h->type);

	if (!size)
		loader_refuse(h, "a parameter that this platform does not offer");
	if (size > room)
		loader_refuse(h, "needs %u bytes, its area has room for %llu", size,
			      (unsigned long long)room);
}

/* The VMSA is read for a look at two fields; it is read again when it is placed. */
static void check_context(struct check *c, const struct igvm_header *h)
{
	const struct igvm_vp_context *x = h->body;
	struct vmsa *v = host_pages_alloc(1);

	if (x->vp_index)
		loader_refuse(h, "VP %u: only the boot vCPU can have one", x->vp_index);
	loader_read(c->l, x->file_offset, host_pa(v), PAGE_SIZE);
	if (v->vmpl)
		loader_refuse(h, "a VMSA for VMPL %u: the boot vCPU starts at VMPL0", v->vmpl);
	if (!(v->sev_features & SEV_FEAT_SNP_ACTIVE))
		loader_refuse(h, "SEV_FEATURES 0x%llx without SNP",
			      (unsigned long long)v->sev_features);
	host_pages_free(v, 1);
	c->context = true;
}

/* Regions may be moved by a loader, not must: this one leaves them where they are. */
static void check_region(const struct igvm_header *h)
{
	const struct igvm_relocatable_region *r = h->body;
	const struct igvm_page_table_relocation *p = h->body;

	if (h->type == IGVM_RELOCATABLE_REGION)
		need_ram(h, r->gpa, r->size);
	else
		need_ram(h, p->gpa, p->size);
}

/* Headers that this launch has no use for are accepted where leaving them out changes nothing
 * for the guest. */
static void check_header(struct check *c, const struct igvm_header *h)
{
	const struct igvm_parameter_insert *insert = h->body;
	const struct igvm_required_memory *required = h->body;
	const struct igvm_error_range *error = h->body;

	switch (h->type) {
	case IGVM_SUPPORTED_PLATFORM:
	case IGVM_CORIM_DOCUMENT:
	case IGVM_CORIM_SIGNATURE:
	case IGVM_SNP_ID_BLOCK: /* the security processor's, before QEMU started: harness/psp */
		return;
	case IGVM_GUEST_POLICY:
		return check_policy(c, h);
	case IGVM_RELOCATABLE_REGION:
	case IGVM_PAGE_TABLE_RELOCATION:
		return check_region(h);
	case IGVM_PAGE_DATA:
		return check_page(c, h);
	case IGVM_PARAMETER_AREA:
		return check_area(h);
	case IGVM_PARAMETER_INSERT:
		return claim(c, h, insert->gpa, area_of(c, insert->index)->size);
	case IGVM_VP_CONTEXT:
		return check_context(c, h);
	case IGVM_REQUIRED_MEMORY:
		return need_ram(h, required->gpa, required->size);
	case IGVM_ERROR_RANGE:
		return claim(c, h, error->gpa, error->size);
	case IGVM_VBS_MEASUREMENT:
		loader_refuse(h, "a VBS header for SEV-SNP");
	default:
		check_parameter(c, h);
	}
}

/* Headers for other platforms only are skipped, whatever they say. */
void loader_check(const struct loader *l)
{
	unsigned pages = (unsigned)(gpa_map_end() / (8 * PAGE_SIZE * PAGE_SIZE)) + 1;
	struct igvm_iter it;
	struct igvm_header h;
	struct check c = {.l = l, .it = &it, .claimed = host_pages_alloc(pages)};

	igvm_iter_init(&it, &l->file);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (h.mask & l->mask)
			check_header(&c, &h);
	host_pages_free(c.claimed, pages);
	if (!c.policy)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: no guest policy for SEV-SNP");
	if (!c.context)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: no VP context for SEV-SNP");
}

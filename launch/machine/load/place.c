/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Placing the file: its pages into guest RAM and the RMP, in the file's order. Data of
 * neighbouring pages are read by one transfer, and their RMP entries become large ones where that
 * is possible.
 */
#include "machine/load/place.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/exit.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/kept.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/hv/psp/link.h"
#include "machine/load/area.h"
#include "machine/load/psp.h"
#include "machine/load/room.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_attach.h"
#include "abi/machine.h"
#include "abi/vmsa.h"
#include "lib/string.h"

#define RUN_LIMIT 0x40000000u /* bytes of one DMA */

/* Pages whose data lie in a row, in memory as in the file: one transfer. */
struct run {
	uint64_t gpa;
	uint32_t offset, size;
};

struct place {
	const struct loader *l;
	struct run run;
	uint64_t normal, normal_end; /* normal pages in a row that are still to be launched */
	struct loader_areas areas;
	struct snp_secrets *secrets; /* the page of it; NULL: none yet */
	uint32_t tsc_factor;
};

/* The transfer that has been put together so far. */
static void flush(struct place *p)
{
	struct run *r = &p->run;
	hpa_t host;

	while (r->size) {
		uint32_t n = (uint32_t)MIN(gpa_map_run(gpa(r->gpa), &host), (uint64_t)r->size);

		HOST_ASSERT(n);
		loader_read(p->l, r->offset, host, n);
		*r = (struct run){r->gpa + n, r->offset + n, r->size - n};
	}
}

/* Prolong the transfer, or begin another one when the page follows nothing. */
static void put_data(struct place *p, uint64_t at, uint32_t offset, uint32_t size)
{
	struct run *r = &p->run;

	if (!r->size || at != r->gpa + r->size || offset != r->offset + r->size ||
	    r->size > RUN_LIMIT - size) {
		flush(p);
		*r = (struct run){.gpa = at, .offset = offset};
	}
	r->size += size;
}

/* VMPL0 has all rights, the others none: the SVSM hands them out. */
static const uint8_t launch_perms[VMPL_COUNT] = {RMP_RWX, 0, 0, 0};

static void launch_pages(uint64_t at, uint64_t size)
{
	for (uint64_t end = at + size; at < end; at += PAGE_SIZE)
		rmp_launch_page(gpa(at), launch_perms, false);
}

/*
 * Normal pages go in 2M pages where they fill one, which the firmware allows and measures as the
 * 4K pages in it. KVM takes 4K for all: an SVSM has to manage with either. QEMU keeps what it has
 * loaded in the shared page as well, and firmware counts on it: edk2 reads its variable store so.
 */
static void launch_normal(struct place *p)
{
	uint64_t at = p->normal, end = p->normal_end, step;

	for (; at < end; at += step) {
		bool large = IS_ALIGNED(at, SIZE_2M) && end - at >= SIZE_2M &&
			     rmp_launch_large(gpa(at), launch_perms);

		step = large ? SIZE_2M : PAGE_SIZE;
		if (!large)
			launch_pages(at, PAGE_SIZE);
		if (at >= MACHINE_FIRMWARE_BASE && at < 4 * SIZE_1G)
			rmp_launch_keep(gpa(at), step);
	}
	p->normal = p->normal_end = 0;
}

static void add_normal(struct place *p, uint64_t at, uint64_t size)
{
	if (at != p->normal_end) {
		launch_normal(p);
		p->normal = at;
	}
	p->normal_end = at + size;
}

static void share_pages(uint64_t at, uint64_t size)
{
	for (uint64_t end = at + size; at < end; at += PAGE_SIZE) {
		rmp_psmash(gpa(ALIGN_DOWN(at, SIZE_2M))); /* refused when it is 4K pages already */
		if (rmp_update(gpa(at), RMP_PG_4K, false) != SNP_SUCCESS)
			host_fault("igvm: page 0x%llx cannot be shared", (unsigned long long)at);
	}
}

/* A shared page is the hypervisor's: no launch update, no measurement, no validation. */
static void place_page(struct place *p, const struct igvm_page_data *d)
{
	uint64_t size = igvm_page_size(d);
	void *dst = guest_ptr(gpa(d->gpa));

	if (d->type == IGVM_PAGE_NORMAL && d->file_offset)
		put_data(p, d->gpa, d->file_offset, (uint32_t)size);
	else
		memset(dst, 0, size);
	if (d->type == IGVM_PAGE_SECRETS)
		psp_secrets_page(p->secrets = dst);
	else if (d->type != IGVM_PAGE_NORMAL)
		psp_cpuid_page(dst);
	if (d->flags & IGVM_PAGE_SHARED)
		share_pages(d->gpa, size);
	else if (d->type == IGVM_PAGE_NORMAL)
		add_normal(p, d->gpa, size);
	else
		launch_pages(d->gpa, size);
}

static void place_insert(struct place *p, const struct igvm_parameter_insert *d)
{
	const struct loader_area *a = area_find(&p->areas, d->index);

	memcpy(guest_ptr(gpa(d->gpa)), a->data, a->size);
	launch_pages(d->gpa, a->size);
}

/* Wherever the file wants it: KVM keeps VMSAs in pages of its own too, outside the guest's RAM. */
static void place_context(struct place *p, const struct igvm_vp_context *d)
{
	gpa_t at = gpa(ROOM_BOOT_VMSA);
	struct vmsa *v = guest_ptr(at);

	loader_read(p->l, d->file_offset, gpa_map_host(at), PAGE_SIZE);
	p->tsc_factor = psp_tsc(v);
	rmp_launch_page(at, launch_perms, true);
	if (!machine_attach(machine_vcpus[0], VMPL_SVSM, at, v->sev_features))
		host_exit(MACHINE_END_BAD_IGVM,
			  "igvm: the boot vCPU cannot start from this VMSA (SEV_FEATURES 0x%llx)",
			  (unsigned long long)v->sev_features);
}

static void place_header(struct place *p, const struct igvm_header *h)
{
	const struct igvm_error_range *error = h->body;

	switch (h->type) {
	case IGVM_PAGE_DATA:
		place_page(p, h->body);
		break;
	case IGVM_PARAMETER_AREA:
		area_declare(p->l, &p->areas, h);
		break;
	case IGVM_PARAMETER_INSERT:
		place_insert(p, h->body);
		break;
	case IGVM_VP_CONTEXT:
		place_context(p, h->body);
		break;
	case IGVM_ERROR_RANGE:
		share_pages(error->gpa, error->size);
		break;
	default:
		if (h->length == sizeof(struct igvm_parameter))
			area_fill(&p->areas, h);
	}
}

static void save_kept_pages(void)
{
	for (gpa_t g = gpa(MACHINE_FIRMWARE_BASE); g.v < 4 * SIZE_1G; g = gpa_add(g, PAGE_SIZE))
		if (rmp_entry(g)->state & RMP_KEPT)
			kept_save(g);
}

/* Nothing can be refused any more: loader_check() has seen every header. */
void loader_place(const struct loader *l)
{
	struct place p = {.l = l};
	struct igvm_iter it;
	struct igvm_header h;

	psp_link_open(); /* the CPUID page tells of it */
	igvm_iter_init(&it, &l->file);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (h.mask & l->mask)
			place_header(&p, &h);
	launch_normal(&p);
	flush(&p);
	if (p.secrets)
		p.secrets->tsc_factor = p.tsc_factor;
	save_kept_pages();
	area_free(&p.areas);
}

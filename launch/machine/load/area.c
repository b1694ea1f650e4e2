/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Parameter areas of an IGVM file: memory that is declared, filled with what the file asks for
 * about this machine, and then inserted into the guest's RAM. Their contents lie in monitor pages
 * until then.
 */
#include "machine/load/area.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/hostile/hostile.h"
#include "machine/load/make_device_tree.h"
#include "machine/load/make_madt.h"
#include "lib/string.h"

void area_declare(const struct loader *l, struct loader_areas *a, const struct igvm_header *h)
{
	const struct igvm_parameter_area *d = h->body;
	struct loader_area *n = &a->area[a->count++];

	*n = (struct loader_area){.index = d->index, .size = (uint32_t)d->size};
	n->data = host_pages_alloc(n->size / PAGE_SIZE);
	if (d->file_offset)
		loader_read(l, d->file_offset, host_pa(n->data), n->size);
}

/* lib/igvm has refused a file that names an area which it does not declare. */
struct loader_area *area_find(struct loader_areas *a, uint32_t index)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->area[i].index == index)
			return &a->area[i];
	host_fault("igvm: parser let an unknown area pass");
}

void area_free(struct loader_areas *a)
{
	for (unsigned i = 0; i < a->count; i++)
		host_pages_free(a->area[i].data, a->area[i].size / PAGE_SIZE);
	a->count = 0;
}

/* All RAM of the guest, sorted, ended by an entry of no pages. */
static void put_memory_map(uint8_t *p)
{
	struct igvm_memory_map_entry *e = (void *)p;
	const struct host_range *r;
	unsigned n = host_guest_ranges(&r);

	for (unsigned i = 0; i < n; i++, r++)
		e[i] = (struct igvm_memory_map_entry){
			.pfn = r->base >> PAGE_SHIFT,
			.pages = r->size >> PAGE_SHIFT,
			.type = IGVM_MEMORY_RAM,
		};
	e[hostile_memory_map(e, n)] = (struct igvm_memory_map_entry){0};
}

/* A command line of the host's is an empty string. */
uint32_t area_parameter_size(uint32_t type)
{
	const struct host_range *r;

	switch (type) {
	case IGVM_VP_COUNT:
	case IGVM_ENVIRONMENT_INFO:
		return sizeof(uint32_t);
	case IGVM_MEMORY_MAP:
		return (host_guest_ranges(&r) + 1 + hostile_ranges()) *
		       (uint32_t)sizeof(struct igvm_memory_map_entry);
	case IGVM_MADT:
		return make_madt(NULL);
	case IGVM_DEVICE_TREE:
		return make_device_tree(NULL);
	case IGVM_COMMAND_LINE:
		return 1;
	default:
		return 0;
	}
}

/*
 * loader_check() has seen that the parameter fits behind its offset. The environment says what
 * QEMU 11 says on KVM: memory that the file does not describe starts out shared. An SVSM that
 * believes it asks for private pages, and has what it asks for already.
 */
bool area_fill(struct loader_areas *a, const struct igvm_header *h)
{
	const struct igvm_parameter *d = h->body;
	uint32_t word = h->type == IGVM_VP_COUNT ? machine_vcpu_count : IGVM_ENVIRONMENT_SHARED;
	uint8_t *p;

	if (!area_parameter_size(h->type))
		return false;
	p = area_find(a, d->index)->data + d->offset;
	if (h->type == IGVM_MEMORY_MAP)
		put_memory_map(p);
	else if (h->type == IGVM_MADT)
		make_madt(p);
	else if (h->type == IGVM_DEVICE_TREE)
		make_device_tree(p);
	else if (h->type == IGVM_COMMAND_LINE)
		*p = 0; /* the host adds nothing */
	else
		memcpy(p, &word, sizeof(word));
	return true;
}

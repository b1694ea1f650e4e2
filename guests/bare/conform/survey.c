/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * RAM and vCPUs, as firmware learns of them (OVMF does the same): fw_cfg's e820 table; the APIC IDs
 * from the hypervisor (GHCB, APIC ID list), or numbered from 0 as QEMU numbers them where it has no
 * such list. Nobody has validated RAM beyond the sections of the metadata: this is where the tests'
 * memory becomes the guest's.
 */
#include "bare/conform/conform.h"
#include "bare/lib/fwfile.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/paging.h"
#include "bare/lib/svsm.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define E820_FILE "etc/e820"
#define E820_MAX  128
#define E820_RAM  1
#define HOLE      (2 * SIZE_2M) /* RAM that stays unvalidated, for the tests that need some */
#define BELOW     0x100000000ull

struct e820_entry {
	uint64_t base, size;
	uint32_t type;
} PACKED;

static bool find_ram(void)
{
	static struct e820_entry table[E820_MAX];
	uint32_t size, count;
	uint16_t key;

	if (!fwfile_find(E820_FILE, &key, &size))
		return false;
	count = MIN(size / (uint32_t)sizeof(table[0]), (uint32_t)E820_MAX);
	fwfile_read(key, table, count * sizeof(table[0]));
	for (uint32_t i = 0; i < count && found.ram_count < BARE_MAX_RAM; i++) {
		if (table[i].type != E820_RAM || table[i].base >= BELOW)
			continue;
		found.ram[found.ram_count++] = (struct bare_range){
			table[i].base, MIN(table[i].size, BELOW - table[i].base)};
	}
	return found.ram_count != 0;
}

/* ---- vCPUs ---- */

struct apic_id_list {
	uint32_t count;
	uint32_t id[PAGE_SIZE / 4 - 1];
} PACKED;

static void add_vcpu(uint32_t apic_id)
{
	if (apic_id != percpu_area[0].apic_id && found.cpus < FOUND_VCPUS)
		found_apic_ids[found.cpus++] = apic_id;
}

/* False: the hypervisor has no such list. */
static bool ask_for_vcpus(void)
{
	static uint8_t page[PAGE_SIZE] ALIGNED(4096);
	const struct apic_id_list *list = paging_shared((uint64_t)page);
	struct ghcb *g;

	if (!vmpl_page_shared((uint64_t)page))
		return false;
	g = ghcb_begin();
	GHCB_SET(g, rax, 1); /* pages that there are */
	if (ghcb_exit(g, GHCB_EXIT_APIC_IDS, (uint64_t)page, 0) || !GHCB_VALID(g, rax) || !g->rax ||
	    !list->count)
		return false;
	for (uint32_t i = 0; i < MIN(list->count, (uint32_t)ARRAY_LEN(list->id)); i++)
		add_vcpu(list->id[i]);
	return true;
}

static void find_vcpus(void)
{
	uint16_t count = 1;

	found_apic_ids[0] = percpu_area[0].apic_id;
	if (ask_for_vcpus())
		return;
	fwfile_read(FWFILE_CPUS, &count, sizeof(count));
	for (uint32_t i = 0; i < count; i++)
		add_vcpu(i);
}

/* ---- memory for the tests ---- */

static bool accepted(uint64_t rax)
{
	return rax == SVSM_SUCCESS || rax == SVSM_ERR_PVALIDATE_NO_CHANGE;
}

/* 2M where the host backs it so, else page by page; the SVSM may have validated all RAM before. */
static bool accept_2m(uint64_t gpa)
{
	uint64_t r;

	ghcb_psc(gpa, GHCB_PSC_PRIVATE, true);
	r = svsm_pvalidate(SVSM_ENTRY(gpa, RMP_PG_2M, true));
	for (unsigned i = 0; r == SVSM_ERR_PVALIDATE_SIZEMISMATCH && i < 512; i++) {
		if (!accepted(svsm_pvalidate(SVSM_ENTRY(gpa + i * PAGE_SIZE, RMP_PG_4K, true))))
			return false;
	}
	return accepted(r) || r == SVSM_ERR_PVALIDATE_SIZEMISMATCH;
}

static bool accept(uint64_t base, uint64_t size)
{
	for (uint64_t at = base; at < base + size; at += SIZE_2M) {
		if (!accept_2m(at))
			return false;
	}
	return true;
}

/* Validated first, because to rescind what is not validated is a test, and no preparation. */
static bool give_up(uint64_t base, uint64_t size)
{
	for (uint64_t at = base; at < base + size; at += SIZE_2M) {
		uint64_t r = svsm_pvalidate(SVSM_ENTRY(at, RMP_PG_2M, false));

		for (unsigned i = 0; r == SVSM_ERR_PVALIDATE_SIZEMISMATCH && i < 512; i++) {
			if (!vmpl_page_validate(at + i * PAGE_SIZE, false))
				return false;
		}
		if (r != SVSM_SUCCESS && r != SVSM_ERR_PVALIDATE_SIZEMISMATCH)
			return false;
	}
	return true;
}

const char *survey(void)
{
	uint64_t tests, hole;

	if (!fwfile_present() || !find_ram())
		return "no fw_cfg with an e820 table tells where RAM is";
	find_vcpus();
	tests = mem_find(&found, MEM_REGIONS * SIZE_2M, 0);
	hole = tests ? mem_find(&found, HOLE, tests) : 0;
	if (!hole)
		return "there is no room for the tests: 64 MiB of RAM between 16 MiB and 3 GiB";
	if (!accept(tests, MEM_REGIONS * SIZE_2M))
		return "PVALIDATE refuses to validate plain RAM";
	if (!accept(hole, HOLE) || !give_up(hole, HOLE))
		return "PVALIDATE refuses to validate and rescind plain RAM";
	mem_choose(&found);
	found.unvalidated = (struct bare_range){hole, HOLE};
	return NULL;
}

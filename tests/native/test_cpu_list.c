/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Which CPUs the SVSM tries to start: by the MADT, by the hypervisor's list (GHCB, 56421, APIC ID
 * list), by the number of CPUs, whichever the host gives; and that none of them is taken for more
 * than it has room for.
 *
 * sources: svsm/boot/cpu_list.c svsm/lib/madt.c svsm/platform/snp/apic_ids.c
 * sources: svsm/platform/snp/optional.c
 */
#include "tests/native/check.h"
#include "boot/cpu_list.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

#include <string.h>

/* ---- the host ---- */

/* The pages that the loader writes: constants to the SVSM (mm/launch_area.h), not to this host. */
uint8_t igvm_madt[PAGE_SIZE] ALIGNED(PAGE_SIZE), igvm_vp_count[PAGE_SIZE] ALIGNED(PAGE_SIZE);

static struct {
	bool offered, no_share;
	unsigned refusals;   /* so many requests are refused */
	uint32_t list[1024]; /* what the hypervisor writes */
} host;
static uint32_t page[1024] ALIGNED(PAGE_SIZE);
static unsigned shared, requests;
static struct ghcb ghcb;

uint64_t paging_kernel_phys = KERNEL_LINKED;

static const struct platform_ops ops = {.apic_ids = snp_apic_ids};
const struct platform_ops *platform = &ops;

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void *alloc_pages(unsigned order)
{
	CHECK_EQ(order, 0);
	return page;
}

enum platform_result snp_pvalidate(const void *va, int size, bool valid)
{
	CHECK(va == page && size == RMP_PG_4K && !valid);
	return PLATFORM_OK;
}

enum platform_result snp_page_convert(gpa_t g, uint64_t len, bool to_shared)
{
	CHECK_EQ(g.v, paging_pa(page).v);
	CHECK(len == PAGE_SIZE && to_shared);
	shared += !host.no_share;
	return host.no_share ? PLATFORM_REFUSED : PLATFORM_OK;
}

void paging_set(void *p, enum paging_kind kind)
{
	CHECK(p == page && kind == PAGING_SHARED);
}

uint64_t ghcb_msr_call(uint64_t request)
{
	CHECK_EQ(request, GHCB_MSR_HV_FEATURES_REQ);
	return (host.offered ? GHCB_HV_FEAT_APIC_ID_LIST : 0) << 12 | GHCB_MSR_HV_FEATURES_RESP;
}

struct ghcb *ghcb_begin(void)
{
	memset(ghcb.valid, 0, sizeof(ghcb.valid));
	return &ghcb;
}

void ghcb_end(struct ghcb *g)
{
	CHECK(g == &ghcb);
}

void ghcb_mark(struct ghcb *g, size_t offset)
{
	g->valid[offset / 64] |= (uint8_t)(1u << offset / 8 % 8);
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	CHECK_EQ(exit_code, 0x80000017);
	CHECK_EQ(info1, paging_pa(page).v);
	CHECK_EQ(info2, 0);
	CHECK_EQ(g->rax, 1);
	CHECK(shared);
	if (requests++ < host.refusals)
		return PLATFORM_REFUSED;
	memcpy(page, host.list, sizeof(page));
	return PLATFORM_OK;
}

static void host_lists(unsigned n, const uint32_t *ids)
{
	host.offered = true;
	host.list[0] = n;
	memcpy(host.list + 1, ids, n * sizeof(*ids));
}

/* A MADT of n enabled processors, APIC IDs from first on. */
static void host_has_madt(uint8_t n, uint8_t first)
{
	memcpy(igvm_madt, "APIC", 4);
	igvm_madt[4] = (uint8_t)(44 + 8 * n);
	for (uint8_t i = 0; i < n; i++)
		memcpy(igvm_madt + 44 + 8 * i,
		       (uint8_t[]){0, 8, i, (uint8_t)(first + i), 1, 0, 0, 0}, 8);
}

static void start(void)
{
	memset(&host, 0, sizeof(host));
	memset(igvm_madt, 0, sizeof(igvm_madt));
	memset(igvm_vp_count, 0, sizeof(igvm_vp_count));
	memset(page, 0xa5, sizeof(page));
	shared = requests = 0;
}

/* ---- tests ---- */

static uint32_t ids[8];

TEST(the_madt_comes_first)
{
	start();
	host_has_madt(3, 4);
	host_lists(2, (uint32_t[]){0, 1});
	igvm_vp_count[0] = 7;
	CHECK_EQ(cpu_list(ids, 8), 3);
	CHECK_MEM(ids, ((uint32_t[]){4, 5, 6}), 12);
	CHECK_EQ(shared, 0); /* nobody has been asked */
}

TEST(without_a_madt_the_hypervisor_s_list)
{
	start();
	host_lists(4, (uint32_t[]){0, 300, 2, 9});
	igvm_vp_count[0] = 7;
	CHECK_EQ(cpu_list(ids, 8), 4);
	CHECK_MEM(ids, ((uint32_t[]){0, 300, 2, 9}), 16);
}

TEST(a_malformed_madt_is_none)
{
	start();
	host_has_madt(3, 4);
	igvm_madt[44 + 1] = 200; /* an entry that ends behind the table */
	host_lists(2, (uint32_t[]){0, 1});
	CHECK_EQ(cpu_list(ids, 8), 2);
}

TEST(a_list_has_room_for_so_many)
{
	start();
	host_lists(1, (uint32_t[]){0});
	for (unsigned i = 1; i < ARRAY_LEN(host.list); i++)
		host.list[i] = i;
	host.list[0] = 0xffffffff;
	CHECK_EQ(cpu_list(ids, 8), 8);
	CHECK_EQ(ids[7], 8);
	CHECK_EQ(snp_apic_ids((uint32_t[2000]){0}, 2000), 1023); /* the page's end */
}

TEST(an_id_counts_once)
{
	start();
	host_lists(6, (uint32_t[]){3, 3, 0, 3, 0, 1});
	CHECK_EQ(cpu_list(ids, 8), 3);
	CHECK_MEM(ids, ((uint32_t[]){3, 0, 1}), 12);
}

TEST(a_list_that_is_refused_is_asked_for_again)
{
	start();
	host_lists(2, (uint32_t[]){0, 1});
	host.refusals = 2;
	CHECK_EQ(cpu_list(ids, 8), 2);
	start();
	host_lists(2, (uint32_t[]){0, 1});
	host.refusals = 3;
	CHECK_EQ(cpu_list(ids, 8), 0);
}

/* QEMU numbers CPUs without threads from 0 on. */
TEST(without_either_the_number_of_cpus)
{
	start();
	igvm_vp_count[0] = 3;
	CHECK_EQ(cpu_list(ids, 8), 3);
	CHECK_MEM(ids, ((uint32_t[]){0, 1, 2}), 12);
	igvm_vp_count[3] = 0xff;
	CHECK_EQ(cpu_list(ids, 8), 8);
	start();
	host_lists(2, (uint32_t[]){0, 1});
	host.no_share = true;
	igvm_vp_count[0] = 3;
	CHECK_EQ(cpu_list(ids, 8), 3);
}

TEST(a_host_that_tells_nothing)
{
	start();
	CHECK_EQ(cpu_list(ids, 8), 0);
}

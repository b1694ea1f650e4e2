/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A machine of fakes to launch IGVM files on: 16 MiB of RAM, two vCPUs. */
#include "tests/native/check.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "abi/cpuid_page.h"
#include "abi/secrets.h"
#include "harness/igvm/build.h"
#include "lib/crc32.h"
#include "lib/igvm/igvm.h"
#include "abi/machine.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/exit.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/kept.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/pool.h"
#include "machine/host/time.h"
#include "machine/host_assert.h"
#include "machine/hv/psp/link.h"
#include "machine/hv/regs/cpuid.h"
#include "machine/load/loader.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_attach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the machine of fakes ---- */

#define KEPT_FROM  0xffffe000ull /* the last two pages below 4 GiB */
#define RAM_SIZE   0x1000000ull  /* guest RAM: 0..0xa0000 and 1 MiB..16 MiB */
#define HOLE_START 0xa0000ull
#define HOLE_END   0x100000ull

static uint8_t *ram;
static struct blob given; /* the fw_cfg file */
static bool have_file, attach_ok = true;
static jmp_buf over;
static char last_words[256];
static uint8_t validated[RAM_SIZE / PAGE_SIZE], shared[RAM_SIZE / PAGE_SIZE];
static uint8_t smashed[RAM_SIZE / SIZE_2M + 1]; /* else the block is one 2M entry */
static unsigned pages_out, reads, launch_ram_calls, large_pages, outside, kept, saved;
static struct vmsa attached;

static struct vcpu vcpu0 = {.apic_id = 1}, vcpu1 = {.index = 1, .apic_id = 2};
struct vcpu *machine_vcpus[] = {&vcpu0, &vcpu1};
unsigned machine_vcpu_count = 2;

void host_log(const char *fmt, ...)
{
	(void)fmt;
}

void host_exit(enum machine_end code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_words, sizeof(last_words), fmt, ap);
	va_end(ap);
	longjmp(over, (int)code);
}

void host_fault(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_words, sizeof(last_words), fmt, ap);
	va_end(ap);
	longjmp(over, MACHINE_END_MONITOR);
}

/* A launch that is refused leaves its pages behind: the next reset takes them back. */
static void *allocated[64];

void *host_pages_try(unsigned count)
{
	for (unsigned i = 0; i < ARRAY_LEN(allocated); i++)
		if (!allocated[i]) {
			pages_out += count;
			return allocated[i] = calloc(count, PAGE_SIZE);
		}
	abort();
}

void *host_pages_alloc(unsigned count)
{
	return host_pages_try(count);
}

void host_pages_free(void *p, unsigned count)
{
	for (unsigned i = 0; i < ARRAY_LEN(allocated); i++)
		if (allocated[i] == p) {
			pages_out -= count;
			allocated[i] = NULL;
			free(p);
			return;
		}
	abort();
}

static void free_pages(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(allocated); i++) {
		free(allocated[i]);
		allocated[i] = NULL;
	}
}

/* The machine's own addresses are this program's. */
hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)(uintptr_t)p);
}

static const struct host_range ranges[] = {{0, HOLE_START}, {HOLE_END, RAM_SIZE - HOLE_END}};

unsigned host_guest_ranges(const struct host_range **r)
{
	*r = ranges;
	return ARRAY_LEN(ranges);
}

/* What the launch has added to the map. */
static struct gpa_extent added[8];
static unsigned added_count;

void gpa_map_add(struct gpa_extent e)
{
	if (added_count == ARRAY_LEN(added))
		abort();
	CHECK(!gpa_map_touches(gpa(e.base), e.size));
	added[added_count++] = e;
}

uint64_t gpa_map_run(gpa_t g, hpa_t *host)
{
	for (unsigned i = 0; i < ARRAY_LEN(ranges); i++)
		if (g.v - ranges[i].base < ranges[i].size) {
			*host = hpa((uint64_t)(uintptr_t)ram + g.v);
			return ranges[i].size - (g.v - ranges[i].base);
		}
	for (unsigned i = 0; i < added_count; i++)
		if (g.v - added[i].base < added[i].size) {
			*host = hpa(added[i].host + (g.v - added[i].base));
			return added[i].size - (g.v - added[i].base);
		}
	return 0;
}

hpa_t gpa_map_host(gpa_t g)
{
	hpa_t host;

	CHECK(gpa_map_run(g, &host));
	return host;
}

void *guest_ptr(gpa_t g)
{
	return (void *)(uintptr_t)gpa_map_host(g).v;
}

bool gpa_map_touches(gpa_t g, uint64_t len)
{
	hpa_t host;

	for (uint64_t at = 0; at < len; at += PAGE_SIZE)
		if (gpa_map_run(gpa_add(g, at), &host))
			return true;
	return false;
}

bool host_guest_ram(gpa_t g, uint64_t len)
{
	hpa_t host;

	for (unsigned i = 0; i < added_count; i++)
		if (!added[i].guest && g.v - added[i].base < added[i].size)
			return false;
	return len <= gpa_map_run(g, &host);
}

uint64_t gpa_map_end(void)
{
	return 4 * SIZE_1G;
}

uint64_t host_tsc_khz(void)
{
	return 1000000;
}

bool fwcfg_find(const char *name, struct fwcfg_file *f)
{
	f->size = (uint32_t)given.size;
	return have_file && !strcmp(name, MACHINE_FW_IGVM);
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	if (offset > f->size || len > f->size - offset)
		return false;
	memcpy((void *)(uintptr_t)dst.v, given.data + offset, len);
	reads++;
	return true;
}

void rmp_launch_ram(void)
{
	launch_ram_calls++;
}

void rmp_launch_page(gpa_t g, const uint8_t perms[VMPL_COUNT], bool vmsa)
{
	CHECK_EQ(perms[0], RMP_RWX);
	CHECK_EQ(perms[1] | perms[2] | perms[3], 0);
	if (g.v < RAM_SIZE) {
		validated[g.v >> PAGE_SHIFT]++;
		smashed[g.v / SIZE_2M] = 1;
	} else {
		outside++;
		CHECK(vmsa == !host_guest_ram(g, PAGE_SIZE));
	}
}

enum snp_insn_result rmp_psmash(gpa_t g)
{
	CHECK(IS_ALIGNED(g.v, SIZE_2M));
	smashed[g.v / SIZE_2M] = 1;
	return SNP_SUCCESS;
}

/* As if all RAM were in 2M entries. */
bool rmp_launch_large(gpa_t g, const uint8_t perms[VMPL_COUNT])
{
	CHECK(IS_ALIGNED(g.v, SIZE_2M));
	for (uint64_t at = g.v; at < g.v + SIZE_2M; at += PAGE_SIZE)
		rmp_launch_page(gpa(at), perms, false);
	large_pages++;
	return true;
}

/* Pages of firmware: QEMU's shared page of the same address has the file's contents, too. */
void rmp_launch_keep(gpa_t g, uint64_t len)
{
	CHECK(g.v >= MACHINE_FIRMWARE_BASE && g.v < 4 * SIZE_1G);
	kept += (unsigned)(len / PAGE_SIZE);
}

const struct rmp_entry *rmp_entry(gpa_t g)
{
	static const struct rmp_entry is_kept = {.state = RMP_KEPT}, is_not;

	return g.v >= KEPT_FROM ? &is_kept : &is_not;
}

void kept_save(gpa_t g)
{
	CHECK(g.v >= KEPT_FROM && reads); /* all of the file is in place */
	saved++;
}

enum snp_insn_result rmp_update(gpa_t g, int size, bool assigned)
{
	CHECK_EQ(size, RMP_PG_4K);
	CHECK(!assigned);
	if (!smashed[g.v / SIZE_2M])
		return SNP_FAIL_OVERLAP;
	shared[g.v >> PAGE_SHIFT]++;
	return SNP_SUCCESS;
}

bool machine_attach(struct vcpu *v, uint8_t vmpl, gpa_t vmsa, uint64_t sev_features)
{
	CHECK(v == &vcpu0);
	CHECK_EQ(vmpl, 0);
	CHECK(!host_guest_ram(vmsa, PAGE_SIZE));
	memcpy(&attached, guest_ptr(vmsa), sizeof(attached));
	CHECK_EQ(attached.sev_features, sev_features);
	return attach_ok;
}

static bool have_psp;
static uint8_t psp_keys[4][32];

void psp_link_open(void)
{
}

bool psp_link_keys(uint8_t keys[4][32])
{
	if (have_psp)
		memcpy(keys, psp_keys, sizeof(psp_keys));
	return have_psp;
}

static struct snp_cpuid_page told_cpuid;
static uint64_t told_scale, told_offset;
static uint32_t told_factor;

void psp_link_cpuid(const struct snp_cpuid_page *p)
{
	told_cpuid = *p;
}

void psp_link_tsc(uint64_t scale, uint64_t offset, uint32_t factor)
{
	told_scale = scale;
	told_offset = offset;
	told_factor = factor;
}

void hv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	CHECK(v == &vcpu0);
	memset(out, 0, 16);
	if (!(leaf & 0xff))
		out[0] = leaf ? leaf + 8 : 0xb; /* the highest leaf */
	else if (leaf == 0xb)
		out[1] = sub < 2, out[2] = sub;
	else if (leaf == 0xd)
		out[0] = sub < 2;
	else if (leaf == 1)
		out[0] = 0xa00f11, out[3] = 1;
}

/* ---- running it ---- */

static void machine_reset(void)
{
	if (!ram)
		ram = malloc(RAM_SIZE);
	free_pages();
	memset(ram, 0xcc, RAM_SIZE);
	memset(validated, 0, sizeof(validated));
	memset(shared, 0, sizeof(shared));
	memset(smashed, 0, sizeof(smashed));
	memset(&attached, 0, sizeof(attached));
	added_count = 0;
	saved = kept = outside = pages_out = reads = launch_ram_calls = large_pages = 0;
	attach_ok = have_file = true;
	last_words[0] = 0;
}

/* 0 when the launch came back, else the exit code. */
static int launch(void)
{
	int code = setjmp(over);

	if (!code) {
		loader_read_file();
		loader_launch();
	}
	return code;
}

static uint8_t pattern[5 * 4096];

static void begin(struct image *m)
{
	for (unsigned i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 7 + (i >> 12) + 1);
	*m = (struct image){.policy = IGVM_SNP_POLICY_SMT | IGVM_SNP_POLICY_ONE};
	build_vmsa(&m->vmsa, 0x200000, SEV_FEAT_SNP_ACTIVE);
	machine_reset();
}

static void end(struct image *m)
{
	blob_free(&given);
	CHECK(image_write(m, &given));
	image_free(m);
}

/* For malformed files that the builder does not make: change the header, mend the checksum. */
static void mend(void)
{
	struct igvm_fixed_header *h = (void *)given.data;

	h->checksum = 0;
	h->checksum = crc32_update(0, given.data, h->header_offset + h->header_size);
}

static void *header(uint32_t type)
{
	struct igvm_file f;
	struct igvm_iter it;
	struct igvm_header h;

	if (igvm_open(&f, given.data, given.size, given.size))
		abort();
	igvm_iter_init(&it, &f);
	while (igvm_next(&it, &h) == IGVM_OK)
		if (h.type == type)
			return given.data + h.offset + sizeof(struct igvm_variable_header);
	abort();
}

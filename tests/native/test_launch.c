/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * From the builder's image to guest memory: files made by harness/igvm are launched by the
 * monitor's loader on a machine of fakes (16 MiB of RAM, two vCPUs), and a file that the loader
 * refuses is refused for the right reason. Page types, CPUID and secrets page: 56860, 8.17.2.
 *
 * sources: tests/native/no_hostile.c launch/machine/load/loader.c launch/machine/load/source.c launch/machine/load/check.c
 * sources: launch/machine/load/place.c launch/machine/load/area.c launch/machine/load/make_madt.c
 * sources: launch/machine/load/psp.c harness/igvm/image.c harness/igvm/blob.c harness/igvm/build_vmsa.c
 * sources: svsm/lib/igvm/igvm_read.c svsm/lib/igvm/igvm_area.c svsm/lib/igvm/igvm_rules.c
 * sources: svsm/lib/igvm/igvm_text.c svsm/lib/crc32.c svsm/lib/fmt.c svsm/lib/vmsa.c
 */
#include "tests/native/check.h"
#include "abi/vmsa.h"
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
#include "machine/host/mem/mem.h"
#include "machine/host/mem/pool.h"
#include "machine/host/time.h"
#include "machine/host_assert.h"
#include "machine/hv/cpuid.h"
#include "machine/load/loader.h"
#include "machine/snp/rmp.h"
#include "machine/snp/vmsa_attach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the machine of fakes ---- */

#define RAM_SIZE   0x1000000ull /* guest RAM: 0..0xa0000 and 1 MiB..16 MiB */
#define HOLE_START 0xa0000ull
#define HOLE_END   0x100000ull

static uint8_t *ram;
static struct blob given; /* the fw_cfg file */
static bool have_file, attach_ok = true;
static jmp_buf over;
static char last_words[256];
static uint8_t validated[RAM_SIZE / PAGE_SIZE], shared[RAM_SIZE / PAGE_SIZE];
static uint8_t smashed[RAM_SIZE / SIZE_2M + 1]; /* else the block is one 2M entry */
static unsigned pages_out, reads, launch_ram_calls, large_pages;
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

void *host_ptr(hpa_t pa)
{
	return ram + pa.v;
}

/* Monitor pages have their own addresses, far from the guest's. */
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

bool host_guest_ram(gpa_t g, uint64_t len)
{
	for (unsigned i = 0; i < ARRAY_LEN(ranges); i++)
		if (g.v >= ranges[i].base && g.v - ranges[i].base < ranges[i].size)
			return len <= ranges[i].size - (g.v - ranges[i].base);
	return false;
}

uint64_t host_ram_end(void)
{
	return RAM_SIZE;
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
	memcpy(dst.v < RAM_SIZE ? ram + dst.v : (uint8_t *)(uintptr_t)dst.v, given.data + offset,
	       len);
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
		CHECK(vmsa);
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
	memcpy(&attached, (void *)(uintptr_t)vmsa.v, sizeof(attached));
	CHECK_EQ(attached.sev_features, sev_features);
	return attach_ok;
}

void hv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	CHECK(v == &vcpu0);
	memset(out, 0, 16);
	if (!(leaf & 0xff))
		out[0] = leaf ? leaf + 8 : 0xb; /* the highest leaf */
	else if (leaf == 0xb)
		out[1] = sub < 2, out[2] = sub;
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
	pages_out = reads = launch_ram_calls = large_pages = 0;
	attach_ok = have_file = true;
	last_words[0] = 0;
}

/* 0 when the launch came back, else the exit code. */
static int launch(void)
{
	int code = setjmp(over);

	if (!code)
		loader_launch();
	return code;
}

static void expect_refusal(const char *part)
{
	CHECK_EQ(launch(), MACHINE_END_BAD_IGVM);
	if (!strstr(last_words, part))
		CHECK_STR(last_words, part);
	CHECK_EQ(launch_ram_calls, 0);
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

/* ---- tests ---- */

TEST(pages_land_where_they_belong)
{
	static const uint8_t zeroes[4096];
	struct image m;

	begin(&m);
	image_add(&m, 0x200000, pattern, sizeof(pattern) - 100);
	image_add(&m, 0x300000, zeroes, sizeof(zeroes));
	image_add(&m, 0x301000, pattern, 10);
	image_require(&m, 0x200000, 0x100000);
	end(&m);
	CHECK_EQ(launch(), 0);
	CHECK_MEM(ram + 0x200000, pattern, sizeof(pattern) - 100);
	CHECK_MEM(ram + 0x200000 + sizeof(pattern) - 100, zeroes, 100);
	CHECK_EQ(ram[0x200000 + sizeof(pattern)], 0xcc);
	CHECK_MEM(ram + 0x300000, zeroes, sizeof(zeroes));
	CHECK_MEM(ram + 0x301000, pattern, 10);
	CHECK_MEM(ram + 0x30100a, zeroes, 4096 - 10);
	for (unsigned pfn = 0; pfn < RAM_SIZE >> 12; pfn++) {
		check_context("pfn 0x%x", pfn);
		CHECK_EQ(validated[pfn],
			 (pfn >= 0x200 && pfn < 0x205) || pfn == 0x300 || pfn == 0x301);
	}
	CHECK_EQ(launch_ram_calls, 1);
	CHECK_EQ(attached.rip, 0x200000);
	CHECK_EQ(pages_out, 1); /* the VMSA's */
}

/* Pages in a row, in memory as in the file, are one transfer: head twice, VMSA twice, one run. */
TEST(pages_in_a_row_are_one_transfer)
{
	struct image m;

	begin(&m);
	image_add(&m, 0x200000, pattern, sizeof(pattern));
	end(&m);
	CHECK_EQ(launch(), 0);
	CHECK_EQ(reads, 5);
}

/* One 2M page between small ones. A page of another kind belongs to no 2M page. */
TEST(large_pages_where_a_run_fills_them)
{
	static const uint8_t zeroes[SIZE_2M];
	struct image m;

	begin(&m);
	image_add(&m, 0x3ff000, pattern, sizeof(pattern));
	image_add(&m, 0x3ff000 + sizeof(pattern), zeroes, SIZE_2M);
	image_add(&m, 0x800000, zeroes, SIZE_2M);
	image_special(&m, 0x900000, IGVM_PAGE_CPUID);
	end(&m);
	CHECK_EQ(launch(), 0);
	CHECK_EQ(large_pages, 1);
	for (unsigned pfn = 0; pfn < RAM_SIZE >> 12; pfn++) {
		check_context("pfn 0x%x", pfn);
		CHECK_EQ(validated[pfn],
			 (pfn >= 0x3ff && pfn < 0x3ff + 0x200 + sizeof(pattern) / 4096) ||
				 (pfn >= 0x800 && pfn < 0xa00));
	}
}

TEST(same_input_same_file)
{
	struct image m;
	struct blob first = {0};

	for (unsigned round = 0; round < 2; round++) {
		blob_free(&first);
		first = given;
		given = (struct blob){0};
		begin(&m);
		image_add(&m, 0x300000, pattern, sizeof(pattern));
		image_add(&m, 0x200000, pattern, 5000);
		image_param(&m, IGVM_MADT, 0x201000, 0x1000);
		image_special(&m, 0x300000, IGVM_PAGE_CPUID);
		end(&m);
	}
	CHECK_EQ(first.size, given.size);
	CHECK_MEM(first.data, given.data, given.size);
	blob_free(&first);
}

TEST(parameters)
{
	struct igvm_memory_map_entry map[3];
	uint8_t *madt;
	uint32_t word, length;
	uint8_t sum = 0;
	struct image m;

	begin(&m);
	image_add(&m, 0x200000, pattern, sizeof(pattern));
	image_param(&m, IGVM_MEMORY_MAP, 0x201000, 0x1000);
	image_param(&m, IGVM_MADT, 0x202000, 0x1000);
	image_param(&m, IGVM_VP_COUNT, 0x203010, 4);
	image_param(&m, IGVM_ENVIRONMENT_INFO, 0x203014, 4);
	end(&m);
	CHECK_EQ(launch(), 0);
	memcpy(map, ram + 0x201000, sizeof(map));
	CHECK_EQ(map[0].pfn, 0);
	CHECK_EQ(map[0].pages, HOLE_START >> 12);
	CHECK_EQ(map[1].pfn, HOLE_END >> 12);
	CHECK_EQ(map[1].pages, (RAM_SIZE - HOLE_END) >> 12);
	CHECK_EQ(map[1].type, IGVM_MEMORY_RAM);
	CHECK_EQ(map[2].pages, 0);
	madt = ram + 0x202000;
	CHECK_MEM(madt, "APIC", 4);
	memcpy(&length, madt + 4, 4);
	CHECK_EQ(length, 44 + 2 * 8 + 12 + 5 * 10 + 6);
	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + madt[i]);
	CHECK_EQ(sum, 0);
	CHECK_EQ(madt[44 + 3], 1); /* APIC IDs of the two vCPUs */
	CHECK_EQ(madt[52 + 3], 2);
	memcpy(&word, ram + 0x203010, 4);
	CHECK_EQ(word, 2);
	memcpy(&word, ram + 0x203014, 4);
	CHECK_EQ(word, 0);
	CHECK_EQ(ram[0x203000], 0); /* the page was the area's, not the image's */
	CHECK_EQ(validated[0x203], 1);
	CHECK_EQ(pages_out, 1); /* the VMSA's */
}

TEST(cpuid_and_secrets)
{
	static const uint8_t zeroes[32];
	const struct snp_cpuid_page *c;
	const struct snp_secrets *s;
	struct image m;

	begin(&m);
	image_special(&m, 0x200000, IGVM_PAGE_CPUID);
	image_special(&m, 0x201000, IGVM_PAGE_SECRETS);
	end(&m);
	CHECK_EQ(launch(), 0);
	c = (const void *)(ram + 0x200000);
	/* leaves 0, 1, 0xb.0, 0xb.1, the two other ranges' first ones and the signature's */
	CHECK_EQ(c->count, 7);
	CHECK_EQ(c->fn[3].eax_in, 0xb);
	CHECK_EQ(c->fn[3].ecx_in, 1);
	s = (const void *)(ram + 0x201000);
	CHECK_EQ(s->fms, 0xa00f11);
	for (unsigned i = 0; i < 4; i++)
		CHECK(memcmp(s->vmpck[i], zeroes, 32));
	CHECK(memcmp(s->vmpck[0], s->vmpck[1], 32));
	CHECK_EQ(s->svsm_base | s->svsm_size | s->svsm_caa, 0);
}

TEST(shared_page)
{
	struct image m;

	begin(&m);
	image_add(&m, 0x200000, pattern, 4096);
	end(&m);
	((struct igvm_page_data *)header(IGVM_PAGE_DATA))->flags = IGVM_PAGE_SHARED;
	mend();
	CHECK_EQ(launch(), 0);
	CHECK_EQ(validated[0x200], 0);
	CHECK_EQ(shared[0x200], 1);
	CHECK_MEM(ram + 0x200000, pattern, 4096);
}

TEST(no_file)
{
	machine_reset();
	have_file = false;
	expect_refusal("no file");
}

TEST(refused_without_touching_memory)
{
	struct image m;
	struct igvm_page_data *p;
	struct igvm_supported_platform *platform;
	struct igvm_vp_context *context;

	begin(&m);
	image_add(&m, RAM_SIZE - 0x1000, pattern, 2 * 4096);
	end(&m);
	expect_refusal("0x1000000..0x1001000 needs RAM that this machine has not");
	CHECK_EQ(ram[RAM_SIZE - 0x1000], 0xcc);

	begin(&m);
	image_add(&m, HOLE_START - 0x1000, pattern, 2 * 4096);
	end(&m);
	expect_refusal("needs RAM");

	begin(&m);
	image_require(&m, 0x800000, RAM_SIZE);
	end(&m);
	expect_refusal("needs RAM");

	begin(&m);
	image_add(&m, 0x200000, pattern, 2 * 4096);
	end(&m);
	p = header(IGVM_PAGE_DATA);
	p->gpa += 0x1000;
	mend();
	expect_refusal("page 0x201000 is filled twice");

	begin(&m);
	m.policy = 0;
	end(&m);
	expect_refusal("bit 17");

	begin(&m);
	m.policy |= BIT(40);
	end(&m);
	expect_refusal("unknown SNP policy bits");

	begin(&m);
	m.vmsa.vmpl = 2;
	end(&m);
	expect_refusal("VMPL 2");

	begin(&m);
	m.vmsa.sev_features = 0;
	end(&m);
	expect_refusal("without SNP");

	begin(&m);
	image_param(&m, IGVM_SRAT, 0x200000, 0x1000);
	end(&m);
	expect_refusal("does not offer");

	begin(&m);
	image_param(&m, IGVM_MADT, 0x200ff0, 4);
	end(&m);
	expect_refusal("needs 128 bytes, its area has room for 16");

	begin(&m);
	image_special(&m, 0x200000, IGVM_PAGE_SECRETS);
	end(&m);
	((struct igvm_page_data *)header(IGVM_PAGE_DATA))->flags = IGVM_PAGE_SHARED;
	mend();
	expect_refusal("shared or large");

	begin(&m);
	end(&m);
	platform = header(IGVM_SUPPORTED_PLATFORM);
	context = header(IGVM_VP_CONTEXT);
	platform->platform_type = IGVM_PLATFORM_VSM;
	context->gpa = 0;
	mend();
	expect_refusal("does not support SEV-SNP");
}

TEST(vmsa_that_the_machine_refuses)
{
	struct image m;

	begin(&m);
	end(&m);
	attach_ok = false;
	CHECK_EQ(launch(), MACHINE_END_BAD_IGVM);
	CHECK(strstr(last_words, "cannot start from this VMSA"));
}

TEST(truncated_everywhere)
{
	struct image m;
	size_t whole;

	begin(&m);
	image_add(&m, 0x200000, pattern, sizeof(pattern));
	end(&m);
	whole = given.size;
	for (given.size = 0; given.size < whole; given.size += given.size < 600 ? 1 : 509) {
		check_context("%zu bytes", given.size);
		CHECK_EQ(launch(), MACHINE_END_BAD_IGVM);
		CHECK_EQ(launch_ram_calls, 0);
		free_pages();
	}
	blob_free(&given);
	free(ram);
	ram = NULL;
}

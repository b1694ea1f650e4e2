/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Guest physical addresses of their own: RAM lies where a q35 has it (QEMU 7.2, hw/i386/pc_q35.c
 * and pc.c), whatever QEMU's own map is and whatever the monitor takes of it.
 *
 * sources: launch/machine/host/mem/guest_ram.c launch/machine/host/mem/gpa_map.c
 */
#include "tests/native/check.h"
#include "abi/machine.h"
#include "base/x86.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/paging.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MIB  (1ull << 20)
#define POOL 0x7ff00000ull

static const char *wanted; /* the fw_cfg file; NULL: none */
static jmp_buf over;
static char last_words[200];

bool fwcfg_find(const char *name, struct fwcfg_file *f)
{
	f->size = wanted ? (uint32_t)strlen(wanted) : 0;
	return wanted && !strcmp(name, MACHINE_FW_MEM);
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	(void)f;
	memset((void *)dst.v, 0, 32);
	memcpy((void *)dst.v, wanted + offset, len);
	return true;
}

hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)p);
}

void *host_pages_alloc(unsigned count)
{
	CHECK_EQ(count, 256);
	return (void *)POOL;
}

void paging_add(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	CHECK(va >= GUEST_BASE && va + size <= GUEST_BASE + GUEST_SIZE);
	(void)pa;
	CHECK((flags & (PTE_P | PTE_W | PTE_NX)) == (PTE_P | PTE_W | PTE_NX));
}

void host_fault(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_words, sizeof(last_words), fmt, ap);
	va_end(ap);
	longjmp(over, 1);
}

/* QEMU's RAM of that many MiB, with the monitor's block of own MiB taken off the top of low RAM. */
static void lay(const char *harness, uint64_t low, uint64_t own, uint64_t high)
{
	struct host_range left[] = {{MIB, (low - own - 1) * MIB}, {4 * SIZE_1G, high * MIB}};

	gpa_map_reset();
	wanted = harness;
	guest_ram_lay(left, high ? 2 : 1);
}

static uint64_t host_of(uint64_t g)
{
	hpa_t host = hpa(0);

	return gpa_map_run(gpa(g), &host) ? host.v : ~0ull;
}

TEST(one_address_on_both_sides)
{
	const struct host_range *r;

	lay("512 512", 564, 52, 0);
	CHECK_EQ(host_guest_ranges(&r), 1);
	CHECK_EQ(r[0].base, 0);
	CHECK_EQ(r[0].size, 512 * MIB);
	CHECK_EQ(host_of(MIB), MIB);
	CHECK_EQ(host_of(0x2345678), 0x2345678);
	CHECK_EQ(host_of(512 * MIB - 1), 512 * MIB - 1);
	CHECK_EQ(host_of(512 * MIB), ~0ull);
	CHECK_EQ(gpa_map_end(), 512 * MIB);
}

/* What a CPU runs at an INIT or an SMI is not the guest's. No adapter is there, so 0xa0000 is RAM.
 */
TEST(the_first_mib_is_other_memory)
{
	lay("512 512", 564, 52, 0);
	CHECK_EQ(host_of(0), POOL);
	CHECK_EQ(host_of(0xa0000), POOL + 0xa0000);
	CHECK_EQ(host_of(0xfffff), POOL + 0xfffff);
	CHECK(host_guest_ram(gpa(0x9f000), 0x22000));
	CHECK(host_guest_ram(gpa(0), 512 * MIB));
	CHECK(!host_guest_ram(gpa(0), 512 * MIB + 1));
}

/* pc_q35_init(): from 2816 MiB on 2 GiB lie below 4 GiB. The monitor's block lies there too. */
TEST(what_the_monitor_takes_comes_from_above)
{
	const struct host_range *r;

	lay("6144 2048", 2048, 211, 4500);
	CHECK_EQ(host_guest_ranges(&r), 2);
	CHECK_EQ(r[0].size, 2048 * MIB);
	CHECK_EQ(r[1].base, 4 * SIZE_1G);
	CHECK_EQ(r[1].size, 4096 * MIB);
	CHECK_EQ(host_of(1837 * MIB - 1), 1837 * MIB - 1);
	/* large pages stay possible */
	CHECK_EQ(host_of(1838 * MIB) % SIZE_2M, 0);
	CHECK(host_of(1838 * MIB) >= 4 * SIZE_1G);
	CHECK(host_of(2048 * MIB - 1) > 4 * SIZE_1G);
	CHECK_EQ(host_of(2048 * MIB), ~0ull);
	CHECK_EQ(host_of(4 * SIZE_1G) % SIZE_2M, 0);
	CHECK(host_of(4 * SIZE_1G) > host_of(2048 * MIB - 1));
	CHECK(host_guest_ram(gpa(1800 * MIB), 200 * MIB)); /* one piece to the guest */
	CHECK(host_of(8 * SIZE_1G - 1) < 4 * SIZE_1G + 4500 * MIB);
	CHECK_EQ(host_of(8 * SIZE_1G), ~0ull);
}

TEST(no_page_is_given_twice)
{
	const struct gpa_extent *e;
	unsigned n;

	lay("6143 2047", 2048, 211, 4500);
	n = gpa_map_extents(&e);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++) {
			CHECK(e[j].base + e[j].size <= e[i].base);
			CHECK(e[j].host + e[j].size <= e[i].host ||
			      e[i].host + e[i].size <= e[j].host);
		}
}

/* Who starts QEMU by hand gets what is left. */
TEST(all_that_is_left)
{
	const struct host_range *r;

	lay(NULL, 512, 36, 0);
	CHECK_EQ(host_guest_ranges(&r), 1);
	CHECK_EQ(r[0].size, 476 * MIB);
	lay(NULL, 2048, 100, 1024);
	CHECK_EQ(host_guest_ranges(&r), 2);
	CHECK_EQ(r[0].size, 1948 * MIB);
	CHECK_EQ(r[1].size, 1024 * MIB);
	CHECK_EQ(host_of(4 * SIZE_1G + 5), 4 * SIZE_1G + 5);
}

TEST(too_little)
{
	if (!setjmp(over)) {
		lay("512 512", 512, 36, 0);
		CHECK(false);
	}
	CHECK(strstr(last_words, "too little RAM for 512 MiB"));
}

TEST(bad_words)
{
	static const char *const words[] = {"",         "512",   "512 600",   "512 0",      "512 x",
					    "512 512x", "9 5 7", "6000 5000", "999999 2048"};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		*last_words = 0;
		if (!setjmp(over)) {
			lay(words[i], 2048, 36, 4096);
			CHECK_STR(words[i], "refused");
		}
		CHECK(strstr(last_words, "opt/org.keelson/mem is"));
	}
}

TEST(pointers_and_back)
{
	CHECK_EQ((uint64_t)guest_ptr(gpa(0x1234)), GUEST_BASE + 0x1234);
	CHECK_EQ(guest_gpa(guest_ptr(gpa(0xfeffc000))).v, 0xfeffc000);
}

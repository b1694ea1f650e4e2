/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The fw_cfg device as a guest's firmware uses it: QEMU, docs/specs/fw_cfg.rst, and where that is
 * silent hw/nvram/fw_cfg.c; what the items hold: hw/i386/fw_cfg.c and hw/i386/e820_memory_layout.c.
 */
#include "bare/machine/fwcfg_read.h"
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "abi/machine.h"
#include "lib/string.h"

#define DMA_HIGH      0x514
#define DMA_LOW       0x518

#define KEY_SIGNATURE 0x00
#define KEY_ID        0x01
#define KEY_RAM_SIZE  0x03
#define KEY_NB_CPUS   0x05
#define KEY_KERNEL    0x08
#define KEY_NONE      0x1f

#define CTL_ERROR     1u
#define CTL_READ      2u
#define CTL_SKIP      4u
#define CTL_SELECT    8u
#define CTL_WRITE     16u

/* Of region R: a page for requests, one for data behind it, both shared while a test runs. */
#define R         6
#define REQUEST   MEM_PAGE(R, 0)
#define BUFFER    MEM_PAGE(R, 1)
#define PRIVATE   MEM_PAGE(R, 2)
#define UNTOUCHED 0x5a

struct request {
	uint32_t control, length;
	uint64_t address;
} PACKED;

struct e820 {
	uint64_t base, size;
	uint32_t type;
} PACKED;

TEST(fwcfg_signature, "fwcfg-signature", "fw_cfg: signature, id, and what no item has",
     "keelson:fwcfg:registers")
{
	uint8_t b[8];
	uint32_t v = 0;

	test_case("signature");
	fwcfg_read_key(KEY_SIGNATURE, b, 5);
	CHECK(!memcmp(b, "QEMU", 4));
	CHECK_EQ(b[4], 0); /* behind the end */
	test_case("id: the interface, and DMA");
	fwcfg_read_key(KEY_ID, b, 4);
	CHECK_EQ(b[0], 3);
	CHECK_EQ(b[1] | b[2] | b[3], 0);
	test_case("selecting begins anew");
	fwcfg_read_key(KEY_SIGNATURE, b, 1);
	fwcfg_read_key(KEY_SIGNATURE, b, 1);
	CHECK_EQ(b[0], 'Q');
	test_case("an item that is not there, and QEMU's own kernel, the monitor");
	fwcfg_read_key(KEY_NONE, b, 4);
	CHECK_EQ(b[0] | b[1] | b[2] | b[3], 0);
	fwcfg_read_key(KEY_KERNEL, b, 4);
	CHECK_EQ(b[0] | b[1] | b[2] | b[3], 0);
	fwcfg_read_key(0xffff, b, 4);
	CHECK_EQ(b[0] | b[1] | b[2] | b[3], 0);
	test_case("the DMA register's signature");
	CHECK(ghcb_in(DMA_HIGH, 4, &v));
	CHECK_EQ(v, 0x554d4551);
	CHECK(ghcb_in(DMA_LOW, 4, &v));
	CHECK_EQ(v, 0x47464320);
}

TEST(fwcfg_directory, "fwcfg-directory",
     "fw_cfg: files sorted by name, keys from 0x20 on, none that is the machine's",
     "keelson:fwcfg:shown")
{
	static struct fwcfg_entry e, last;
	uint32_t count;

	fwcfg_select(FWCFG_DIR);
	fwcfg_read_string(&count, sizeof(count));
	count = __builtin_bswap32(count);
	CHECK_GE(count, 3);
	memset(&last, 0, sizeof(last));
	for (uint32_t i = 0; i < count && i < 100; i++) {
		fwcfg_read_string(&e, sizeof(e));
		CHECK_EQ(__builtin_bswap16(e.key), 0x20 + i);
		CHECK_EQ(e.name[sizeof(e.name) - 1], 0);
		CHECK(strcmp(last.name, e.name) < 0);
		CHECK(strncmp(e.name, "opt/org.keelson", 15) != 0);
		last = e;
	}
	CHECK(fwcfg_find("etc/e820", &e));
	CHECK(fwcfg_find("etc/system-states", &e));
	CHECK_EQ(e.size, 6);
	CHECK(!fwcfg_find(MACHINE_FW_IGVM, &e));
}

/* hw/i386/e820_memory_layout.c; RAM and no more than the key RAM_SIZE says. */
TEST(fwcfg_e820, "fwcfg-e820", "fw_cfg: etc/e820 is the guest's RAM, from 0 on without a hole",
     "keelson:fwcfg:ram")
{
	struct e820 map[16];
	struct fwcfg_entry e = {0};
	uint64_t total = 0, size = 0;
	unsigned n;

	REQUIRE(fwcfg_find("etc/e820", &e));
	n = e.size / sizeof(map[0]);
	REQUIRE(n >= 1 && n <= ARRAY_LEN(map) && e.size == n * sizeof(map[0]));
	fwcfg_select(e.key);
	fwcfg_read_string(map, e.size);
	CHECK_EQ(map[0].base, 0);
	CHECK_GE(map[0].base + map[0].size, MEM_REGION(MEM_REGIONS));
	for (unsigned i = 0; i < n; i++) {
		CHECK(!i || map[i].base >= map[i - 1].base + map[i - 1].size);
		if (map[i].type == 1)
			total += map[i].size;
	}
	fwcfg_read_key(KEY_RAM_SIZE, &size, sizeof(size));
	CHECK_EQ(size, total);
}

TEST(fwcfg_cpus, "fwcfg-cpus", "fw_cfg, CPUID and the APIC ID list count the same CPUs",
     "keelson:cpus-agree")
{
	uint16_t n = 0;
	uint32_t r[4];

	fwcfg_read_key(KEY_NB_CPUS, &n, sizeof(n));
	CHECK_EQ(n, vmpl_vcpus());
	CHECK(ghcb_cpuid(1, 0, r));
	CHECK_EQ(r[1] >> 16 & 0xff, n);
	CHECK(ghcb_cpuid(0x80000008, 0, r));
	CHECK_EQ((r[2] & 0xff) + 1, n);
	CHECK(ghcb_cpuid(0xb, 1, r));
	CHECK_EQ(r[1] & 0xffff, n);
}

static struct request *ask(uint32_t control, uint64_t address, uint32_t length)
{
	struct request *r = paging_shared(REQUEST);

	*r = (struct request){__builtin_bswap32(control), __builtin_bswap32(length),
			      __builtin_bswap64(address)};
	CHECK(ghcb_out(DMA_HIGH, 4, __builtin_bswap32((uint32_t)(REQUEST >> 32))));
	CHECK(ghcb_out(DMA_LOW, 4, __builtin_bswap32((uint32_t)REQUEST)));
	return r;
}

static bool share(void)
{
	if (!region_reset(R) || ghcb_psc(REQUEST, GHCB_PSC_SHARED, false) ||
	    ghcb_psc(BUFFER, GHCB_PSC_SHARED, false) || !region_validate(R, 2, 1))
		return false;
	memset(paging_shared(BUFFER), UNTOUCHED, PAGE_SIZE);
	memset(paging_private(PRIVATE), UNTOUCHED, PAGE_SIZE);
	return true;
}

TEST(fwcfg_dma, "fwcfg-dma", "fw_cfg by DMA: read, skip, select, the end, and nothing to write",
     "keelson:fwcfg:dma")
{
	uint8_t *b;

	REQUIRE(share());
	b = paging_shared(BUFFER);
	test_case("select and read, beyond the end too");
	CHECK_EQ(ask((uint32_t)KEY_SIGNATURE << 16 | CTL_SELECT | CTL_READ, BUFFER, 6)->control, 0);
	CHECK(!memcmp(b, "QEMU\0\0", 6));
	CHECK_EQ(b[6], UNTOUCHED);
	test_case("skip, then read on");
	CHECK_EQ(ask((uint32_t)KEY_SIGNATURE << 16 | CTL_SELECT | CTL_SKIP, 0, 2)->control, 0);
	CHECK_EQ(ask(CTL_READ, BUFFER, 1)->control, 0);
	CHECK_EQ(b[0], 'M');
	test_case("the data register reads on from there");
	fwcfg_read(b, 1);
	CHECK_EQ(b[0], 'U');
	test_case("a write is refused");
	CHECK_EQ(__builtin_bswap32(
			 ask((uint32_t)KEY_ID << 16 | CTL_SELECT | CTL_WRITE, BUFFER, 4)->control),
		 CTL_ERROR);
	fwcfg_read_key(KEY_ID, b, 1);
	CHECK_EQ(b[0], 3);
	test_case("nothing asked");
	CHECK_EQ(ask(0, BUFFER, 4)->control, 0);
}

/* A device of an SNP guest reaches shared pages only (56860, 2.1: DMA by a host is not private). */
TEST(fwcfg_dma_private, "fwcfg-dma-private", "fw_cfg by DMA leaves private memory alone",
     "keelson:fwcfg:dma-private")
{
	const uint32_t get = (uint32_t)KEY_SIGNATURE << 16 | CTL_SELECT | CTL_READ;
	const uint8_t *p = paging_private(PRIVATE), *b;
	struct request *r;

	REQUIRE(share());
	b = paging_shared(BUFFER);
	test_case("a private buffer");
	CHECK_EQ(__builtin_bswap32(ask(get, PRIVATE, 4)->control), CTL_ERROR);
	CHECK_EQ(p[0], UNTOUCHED);
	test_case("one that begins in shared memory");
	CHECK_EQ(__builtin_bswap32(ask(get, PRIVATE - 2, 4)->control), CTL_ERROR);
	CHECK_EQ(p[0], UNTOUCHED);
	test_case("one where there is no memory");
	CHECK_EQ(__builtin_bswap32(ask(get, MEM_TOO_HIGH, 4)->control), CTL_ERROR);
	CHECK_EQ(__builtin_bswap32(ask(get, ~0ull - 1, 4)->control), CTL_ERROR);
	test_case("a private request");
	r = paging_private(PRIVATE);
	*r = (struct request){__builtin_bswap32(get), __builtin_bswap32(4),
			      __builtin_bswap64(BUFFER)};
	memset(paging_shared(BUFFER), UNTOUCHED, 8);
	CHECK(ghcb_out(DMA_HIGH, 4, 0));
	CHECK(ghcb_out(DMA_LOW, 4, __builtin_bswap32((uint32_t)PRIVATE)));
	CHECK_EQ(r->control, __builtin_bswap32(get));
	CHECK_EQ(b[0], UNTOUCHED);
}

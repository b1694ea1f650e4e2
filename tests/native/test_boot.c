/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Direct boot: where things are put, which memory is validated and which only granted, boot_params,
 * ACPI tables; a kernel or a MADT that is not one. Linux: Documentation/arch/x86/boot.rst;
 * ACPI 6.5, 5.2.
 *
 * sources: svsm/boot/placement.c svsm/boot/guest_ram.c svsm/boot/linux/linux.c svsm/boot/bare/bare.c
 * sources: svsm/boot/linux/e820.c svsm/boot/linux/acpi.c svsm/boot/linux/acpi_madt.c
 * sources: svsm/lib/acpi/acpi_q35.c svsm/lib/acpi/acpi_table.c tests/native/check_acpi.c
 * sources: svsm/mm/pagestate.c svsm/mm/memmap.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "boot/linux/acpi.h"
#include "boot/linux/bootparams.h"
#include "boot/linux/e820.h"
#include "boot/guest.h"
#include "tests/native/check.h"
#include "tests/native/check_acpi.h"
#include "base/assert.h"
#include "mm/alloc.h"
#include "mm/guest_mem.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "mm/pagestate.h"
#include "cpu/percpu.h"
#include "platform/platform.h"

#define RAM_SIZE 0x06000000ull /* 96 MiB, SVSM at 32..48 */
#define SVSM     0x02000000ull
#define KERNEL   0x04000000ull
#define INIT     0x00800000u

/* ---- fakes ---- */

static uint8_t ram[RAM_SIZE];
static uint8_t how[RAM_SIZE / PAGE_SIZE]; /* V validated, A granted only */
static uint8_t states[RAM_SIZE / PAGE_SIZE];
static struct cpu cpus[4] = {{.index = 0, .apic_id = 1},
			     {.index = 1, .apic_id = 300},
			     {.index = 2, .apic_id = 7, .service = true},
			     {.index = 3, .apic_id = 301, .service = true}};
static jmp_buf panicked;
static bool panic_expected;
static char panic_text[128];

const struct launch_info launch_info;
const struct snp_cpuid_page snp_cpuid_page;
struct snp_secrets snp_secrets_page;
const uint8_t igvm_madt[IGVM_AREA_SIZE];
const uint8_t _binary_dsdt_aml_start[36] = "DSDT\x24";
extern const uint8_t _binary_dsdt_aml_end[];
__asm__(".globl _binary_dsdt_aml_end\n.set _binary_dsdt_aml_end, _binary_dsdt_aml_start + 36\n");
unsigned guestpage_vmpl = 2;

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(panic_text, sizeof(panic_text), fmt, ap);
	va_end(ap);
	if (panic_expected)
		longjmp(panicked, 1);
	fprintf(stderr, "panic: %s\n", panic_text);
	abort();
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void *alloc_pages(unsigned order)
{
	static uint8_t pool[1 << 20] ALIGNED(4096);
	static size_t used;
	void *p = &pool[used]; /* the code under test never frees some of it */

	used += PAGE_SIZE << order;
	return CHECK(used <= sizeof(pool)) ? memset(p, 0, PAGE_SIZE << order) : NULL;
}

void alloc_pages_free(void *p, unsigned order)
{
	(void)order;
	(void)p;
}

static uint8_t *reach(gpa_t g, size_t len)
{
	return memmap_is_guest(g, len) ? &ram[g.v] : NULL;
}

bool guest_copy_in(void *dst, gpa_t src, size_t len)
{
	return reach(src, len) && memcpy(dst, reach(src, len), len);
}

bool guest_read8(gpa_t g, uint8_t *v)
{
	return guest_copy_in(v, g, 1);
}

void guest_put(gpa_t g, const void *src, size_t len)
{
	if (CHECK(reach(g, len)))
		memcpy(reach(g, len), src, len);
}

struct cc_blob guest_environment_blob(const struct guest_layout *l)
{
	return (struct cc_blob){.magic = CC_BLOB_MAGIC, .secrets_phys = l->secrets.v};
}

unsigned percpu_count(void)
{
	return ARRAY_LEN(cpus);
}

unsigned percpu_guest_count(void)
{
	return 2;
}

struct cpu *percpu_by_apic_id(uint32_t apic_id)
{
	for (unsigned i = 0; i < ARRAY_LEN(cpus); i++)
		if (cpus[i].apic_id == apic_id)
			return &cpus[i];
	return NULL;
}

struct cpu *percpu_get(unsigned index)
{
	return &cpus[index];
}

static unsigned adjusted; /* ranges */

static enum platform_result note(gpa_t g, uint64_t len, uint8_t mark, uint64_t *done)
{
	CHECK(memmap_is_guest(g, len));
	for (uint64_t off = 0; off < len; off += PAGE_SIZE) {
		CHECK_EQ(how[(g.v + off) / PAGE_SIZE], 0);
		how[(g.v + off) / PAGE_SIZE] = mark;
	}
	*done = len;
	return PLATFORM_OK;
}

enum platform_result platform_accept_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done)
{
	CHECK_EQ(vmpl, 2);
	CHECK_EQ(rights, RMP_RWX);
	return note(g, len, 'V', done);
}

enum platform_result platform_rights_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done)
{
	CHECK_EQ(vmpl, 2);
	CHECK_EQ(rights, RMP_RWX);
	adjusted++;
	return note(g, len, 'A', done);
}

const char *platform_result_name(enum platform_result r)
{
	(void)r;
	return "";
}

/* ---- a launch ---- */

static struct bootparams_header *header(void)
{
	return (struct bootparams_header *)&ram[0x03000000 + 0x1f1];
}

static struct launch_info setup(enum launch_guest guest)
{
	const struct memmap_range r[] = {{gpa(0), 0xa0000}, {gpa(0x100000), RAM_SIZE - 0x100000}};
	struct launch_info info = {
		.guest = guest,
		.guest_vmpl = 2,
		.kernel = {KERNEL, 0x123456},
		.setup = {0x03000000, 0x4000},
		.initrd = {0x05000000, 0x7001},
		.cmdline = {0x03010000, 6},
	};

	CHECK(memmap_set(r, 2, gpa(SVSM), 0x01000000));
	memset(ram, 0, sizeof(ram));
	memset(how, 0, sizeof(how));
	pagestate_reset();
	memcpy(&ram[0x03010000], "quiet", 6);
	*header() = (struct bootparams_header){
		.boot_flag = BOOTPARAMS_BOOT_FLAG,
		.jump_offset = 0x6a,
		.magic = BOOTPARAMS_MAGIC,
		.version = 0x20f,
		.initrd_addr_max = 0x7fffffff,
		.kernel_alignment = 0x200000,
		.relocatable_kernel = 1,
		.xloadflags = BOOTPARAMS_XLF_64,
		.cmdline_size = 2047,
		.init_size = INIT,
	};
	return info;
}

TEST(the_layout_avoids_what_was_loaded)
{
	struct launch_info info = setup(LAUNCH_GUEST_LINUX);
	struct guest_layout l;

	CHECK(guest_layout_choose(&l, &info, INIT));
	CHECK_EQ(l.reserved.v, RAM_SIZE - SIZE_2M);
	CHECK_EQ(l.loader.v, RAM_SIZE - 2 * SIZE_2M);
	CHECK_EQ(l.hole.size, 0);
	info.initrd = (struct launch_range){RAM_SIZE - PAGE_SIZE, PAGE_SIZE};
	CHECK(guest_layout_choose(&l, &info, INIT));
	CHECK_EQ(l.reserved.v, RAM_SIZE - 2 * SIZE_2M);
	/* everything between the SVSM and the top, and below it too */
	CHECK(guest_layout_choose(&l, &info, RAM_SIZE - KERNEL));
	CHECK_EQ(l.reserved.v, KERNEL - SIZE_2M * 8 + SIZE_2M * 7);
	info.initrd = (struct launch_range){0x100000, SVSM - 0x100000};
	info.setup = (struct launch_range){0x03000000, 0x01000000};
	CHECK(!guest_layout_choose(&l, &info, RAM_SIZE - KERNEL));
}

TEST(all_ram_is_taken_once_and_the_hole_is_left)
{
	for (unsigned bare = 0; bare < 2; bare++) {
		struct launch_info info = setup(bare ? LAUNCH_GUEST_BARE : LAUNCH_GUEST_LINUX);
		struct guest_layout l;

		guest_memory_init(states);
		CHECK(guest_layout_choose(&l, &info, INIT));
		guest_memory_validate(&info, l.hole);
		for (uint64_t a = 0; a < RAM_SIZE; a += PAGE_SIZE) {
			bool guest = memmap_is_guest(gpa(a), PAGE_SIZE);
			bool hole = a - l.hole.base.v < l.hole.size;
			bool loaded = a - KERNEL < 0x124000 || a - 0x03000000 < 0x4000 ||
				      a - 0x05000000 < 0x8000 || a - 0x03010000 < 0x1000;

			check_context("bare %u, page %#lx", bare, (unsigned long)a);
			CHECK_EQ(how[a / PAGE_SIZE], !guest || hole ? 0 : loaded ? 'A' : 'V');
			CHECK_EQ(pagestate_get(gpa(a)), !guest && a - SVSM >= 0x01000000
								? PAGE_NOT_RAM
							: !guest ? PAGE_SVSM
							: hole   ? PAGE_INVALID
								 : PAGE_VALID);
		}
		CHECK_EQ(l.hole.size, bare ? GUEST_HOLE : 0);
	}
}

TEST(neighbours_are_taken_together)
{
	struct launch_info info = setup(LAUNCH_GUEST_LINUX);
	struct guest_layout l;

	info.cmdline.gpa = 0x05008000;
	info.setup.gpa = 0x05009000;
	guest_memory_init(states);
	CHECK(guest_layout_choose(&l, &info, INIT));
	adjusted = 0;
	guest_memory_validate(&info, l.hole);
	CHECK_EQ(adjusted, 2); /* the kernel; the others */
	CHECK_EQ(how[0x05000000 / PAGE_SIZE], 'A');
	CHECK_EQ(how[0x0500c000 / PAGE_SIZE], 'A');
	CHECK_EQ(how[0x0500d000 / PAGE_SIZE], 'V');
}

static bool refused(const struct launch_info *info)
{
	panic_expected = true;
	if (setjmp(panicked))
		return true;
	guest_linux_span(info);
	panic_expected = false;
	return false;
}

TEST(kernels_that_will_not_do)
{
	struct launch_info info = setup(LAUNCH_GUEST_LINUX);
	struct bootparams_header good = *header(), *h = header();

	CHECK(!refused(&info));
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		*h = good;                                                                         \
		change;                                                                            \
		CHECK(refused(&info));                                                             \
	} while (0)
	REFUSED(h->boot_flag = 0);
	REFUSED(h->magic = 0);
	REFUSED(h->version = 0x20b);
	REFUSED(h->xloadflags = 2);
	REFUSED(h->relocatable_kernel = 0);
	REFUSED(h->kernel_alignment = 0);
	REFUSED(h->kernel_alignment = 0x8000000);
	REFUSED(h->init_size = 0x1000);
	REFUSED(h->init_size = 0xffffffff);
	REFUSED(h->initrd_addr_max = 0x05000000);
	REFUSED(h->cmdline_size = 4);
	REFUSED(ram[0x03010005] = 'x');
	ram[0x03010005] = 0;
	*h = good;
	info.setup.size = 0x200;
	CHECK(refused(&info));
}

TEST(boot_params_tell_linux_everything)
{
	struct launch_info info = setup(LAUNCH_GUEST_LINUX);
	struct bootparams *bp;
	struct bootparams_cc *cc;
	struct guest_layout l;
	uint64_t rip, rsi, total = 0;

	CHECK(guest_layout_choose(&l, &info, INIT));
	guest_linux_write(&l, &info, &rip, &rsi);
	CHECK_EQ(rip, KERNEL + 0x200);
	bp = (struct bootparams *)&ram[rsi];
	CHECK_EQ(bp->hdr.ramdisk_image, 0x05000000);
	CHECK_EQ(bp->hdr.ramdisk_size, 0x7001);
	CHECK_EQ(bp->hdr.cmd_line_ptr, 0x03010000);
	CHECK_EQ(bp->hdr.type_of_loader, 0xff);
	CHECK_EQ(bp->e820_entries, 5);
	for (unsigned i = 0; i < bp->e820_entries; i++) {
		const struct bootparams_e820 *e = &bp->e820[i];

		CHECK(memmap_is_guest(gpa(e->base), e->size));
		total += e->size;
		CHECK_EQ(e->type, e->base == l.reserved.v ? E820_RESERVED
				  : e->base == l.acpi.v   ? E820_ACPI
							  : E820_RAM);
	}
	CHECK_EQ(total, RAM_SIZE - 0x60000 - 0x01000000);
	cc = (struct bootparams_cc *)&ram[bp->hdr.setup_data];
	CHECK_EQ(cc->next, 0);
	CHECK_EQ(cc->type, 7);
	CHECK_EQ(cc->len, 8 + sizeof(struct cc_blob));
	CHECK_EQ(cc->blob_address, bp->hdr.setup_data + offsetof(struct bootparams_cc, blob));
	CHECK_EQ(((struct cc_blob *)&ram[cc->blob_address])->magic, CC_BLOB_MAGIC);
	check_acpi(ram, bp->acpi_rsdp_addr);
}

/* A host may send a map of more pieces than boot_params has entries (128): no reason to stop. */
TEST(ram_in_too_many_pieces_is_left_out)
{
	struct launch_info info = setup(LAUNCH_GUEST_LINUX);
	struct memmap_range r[160] = {{gpa(0), RAM_SIZE}};
	struct guest_layout l;
	struct bootparams *bp;
	uint64_t rip, rsi, end = 0;

	for (unsigned i = 1; i < ARRAY_LEN(r); i++)
		r[i] = (struct memmap_range){gpa(0x100000000 + i * 0x200000ull), 0x100000};
	CHECK(memmap_set(r, ARRAY_LEN(r), gpa(SVSM), 0x01000000));
	CHECK(guest_layout_choose(&l, &info, INIT));
	guest_linux_write(&l, &info, &rip, &rsi);
	bp = (struct bootparams *)&ram[rsi];
	CHECK(bp->e820_entries <= BOOTPARAMS_E820_MAX && bp->e820_entries > 100);
	for (unsigned i = 0; i < bp->e820_entries; i++) {
		CHECK(bp->e820[i].base >= end);
		CHECK(memmap_is_guest(gpa(bp->e820[i].base), bp->e820[i].size));
		end = bp->e820[i].base + bp->e820[i].size;
	}
}

/* Also where the pieces lie below the RAM in which kernel and boot data are. */
TEST(the_piece_with_the_boot_data_is_never_left_out)
{
	struct launch_info info = setup(LAUNCH_GUEST_LINUX);
	struct memmap_range r[160];
	struct guest_layout l;
	struct bootparams *bp;
	uint64_t rip, rsi;
	bool found = false;

	for (unsigned i = 0; i < ARRAY_LEN(r) - 1; i++)
		r[i] = (struct memmap_range){gpa(i * 2 * PAGE_SIZE), PAGE_SIZE};
	r[ARRAY_LEN(r) - 1] = (struct memmap_range){gpa(SVSM), RAM_SIZE - SVSM};
	CHECK(memmap_set(r, ARRAY_LEN(r), gpa(SVSM), 0x01000000));
	CHECK(guest_layout_choose(&l, &info, INIT));
	guest_linux_write(&l, &info, &rip, &rsi);
	bp = (struct bootparams *)&ram[rsi];
	CHECK(bp->e820_entries <= BOOTPARAMS_E820_MAX && bp->e820_entries > 100);
	for (unsigned i = 0; i < bp->e820_entries; i++) {
		CHECK(!i || bp->e820[i].base >= bp->e820[i - 1].base + bp->e820[i - 1].size);
		found |= bp->e820[i].base <= KERNEL && bp->e820[i].base + bp->e820[i].size > KERNEL;
	}
	CHECK(found);
}

TEST(a_bare_guest_is_told_of_its_memory)
{
	struct launch_info info = setup(LAUNCH_GUEST_BARE);
	struct bare_info *b;
	struct guest_layout l;
	uint64_t rip, rsi;

	info.initrd.size = 0;
	CHECK(guest_layout_choose(&l, &info, info.kernel.size));
	guest_bare_write(&l, &info, &rip, &rsi);
	CHECK_EQ(rip, KERNEL);
	b = (struct bare_info *)&ram[rsi];
	CHECK_EQ(b->blob.magic, CC_BLOB_MAGIC);
	CHECK_EQ(b->cpus, 2);
	CHECK_EQ(b->ram_count, 3);
	CHECK_EQ(b->ram[2].base, 0x03000000);
	CHECK_EQ(b->unvalidated.base + b->unvalidated.size, RAM_SIZE);
}

TEST(madts_from_the_host_are_judged)
{
	uint8_t t[64] = "APIC";
	uint32_t length = 64;

	memcpy(t + 4, &length, 4);
	t[45] = 12; /* 44: 12 bytes, 56: 8 bytes */
	t[57] = 8;
	CHECK(acpi_madt_valid(t, sizeof(t)));
	CHECK(!acpi_madt_valid(t, 63));
	CHECK(!acpi_madt_valid(t, 43));
	t[57] = 9;
	CHECK(!acpi_madt_valid(t, sizeof(t)));
	t[57] = 0;
	CHECK(!acpi_madt_valid(t, sizeof(t)));
	t[45] = 19; /* leaves one byte */
	CHECK(!acpi_madt_valid(t, sizeof(t)));
	t[0] = 'X';
	CHECK(!acpi_madt_valid(t, sizeof(t)));
	memset(t, 0xff, sizeof(t));
	memcpy(t, "APIC", 4);
	CHECK(!acpi_madt_valid(t, sizeof(t)));
}

/* Local APIC, APIC ID and flags as given. */
static size_t put_lapic(uint8_t *t, size_t at, uint8_t id, uint8_t flags)
{
	const uint8_t e[8] = {0, 8, 0, id, flags};

	memcpy(t + at, e, sizeof(e));
	return at + sizeof(e);
}

static size_t put_x2apic(uint8_t *t, size_t at, uint32_t id, uint8_t flags)
{
	uint8_t e[16] = {9, 16};

	memcpy(e + 4, &id, 4);
	e[8] = flags;
	memcpy(t + at, e, sizeof(e));
	return at + sizeof(e);
}

TEST(madts_lose_the_cpus_that_the_guest_cannot_use)
{
	static const uint8_t ioapic[12] = {1, 12, 5, 0, 0, 0, 0xc0, 0xfe}, nmi[6] = {4, 6, 0xff};
	uint8_t t[256] = "APIC", want[256] = "APIC";
	uint32_t at = 44, w = 44, lapic = 0xfee00000;

	at = put_lapic(t, at, 7, 1); /* a service CPU */
	at = put_lapic(t, at, 1, 1);
	w = put_lapic(want, w, 1, 1);
	at = put_lapic(t, at, 9, 1); /* did not come up */
	memcpy(t + at, ioapic, sizeof(ioapic));
	memcpy(want + w, ioapic, sizeof(ioapic));
	at += sizeof(ioapic);
	w += sizeof(ioapic);
	at = put_lapic(t, at, 10, 0); /* an empty socket */
	w = put_lapic(want, w, 10, 0);
	at = put_x2apic(t, at, 301, 1); /* a service CPU */
	at = put_x2apic(t, at, 300, 1);
	w = put_x2apic(want, w, 300, 1);
	at = put_lapic(t, at, 7, 0); /* the first one once more */
	memcpy(t + at, nmi, sizeof(nmi));
	memcpy(want + w, nmi, sizeof(nmi));
	at += sizeof(nmi);
	w += sizeof(nmi);
	memcpy(t + 4, &at, 4);
	memcpy(want + 4, &w, 4);
	memcpy(want + 36, &lapic, 4);
	CHECK(acpi_madt_valid(t, sizeof(t)));
	acpi_madt_filter(t);
	CHECK(acpi_madt_valid(t, sizeof(t)));
	CHECK_MEM(t, want, w);
}

/*
 * Only entries of known types with the length of their type, ACPI 6.5, table 5.21. A Multiprocessor
 * Wakeup structure (type 16) would make Linux write to an address of the host's choice.
 */
TEST(madts_lose_all_that_the_guest_should_not_trust)
{
	static const struct {
		uint8_t e[24];
		bool stays;
	} rows[] = {
		{{0, 8, 0, 1, 1}, true},
		{{0, 9, 0, 1, 1}, false},
		{{0, 4, 0, 1}, false},
		{{1, 12, 0, 0, 0, 0, 0xc0, 0xfe}, true},
		{{1, 12, 0, 0, 0, 0, 0, 5}, false}, /* at 0x5000000, RAM */
		{{1, 16, 0, 0, 0, 0, 0xc0, 0xfe}, false},
		{{2, 10, 0, 0, 2}, true},
		{{2, 9, 0, 0, 2}, false},
		{{3, 8}, true},
		{{3, 2}, false},
		{{4, 6, 0xff, 0, 0, 1}, true},
		{{4, 7, 0xff, 0, 0, 1}, false},
		{{5, 12, 0, 0, 0, 0, 0, 5}, false}, /* the local APIC's address */
		{{6, 16}, false},
		{{7, 16}, false},
		{{8, 16}, false},
		{{9, 16, 0, 0, 45, 1, 0, 0, 1}, false}, /* APIC ID 301, a service CPU */
		{{9, 20, 0, 0, 1, 0, 0, 0, 1}, false},
		{{9, 16, 0, 0, 1, 0, 0, 0, 1}, true},
		{{10, 12, 0xff, 0xff}, true},
		{{10, 16}, false},
		{{16, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, false},
		{{0x7f, 4}, false},
		{{0xff, 3}, false},
	};
	uint8_t t[512] = "APIC", want[512] = "APIC";
	uint32_t at = 44, w = 44;

	setup(LAUNCH_GUEST_LINUX);
	memcpy(t + 36, "\0\0\0\5\xff\xff\xff\xff", 8); /* LAPIC at 0x5000000, all flags */
	memcpy(want + 36, "\0\0\xe0\xfe\1\0\0\0", 8);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		memcpy(t + at, rows[i].e, rows[i].e[1]);
		at += rows[i].e[1];
		if (!rows[i].stays)
			continue;
		memcpy(want + w, rows[i].e, rows[i].e[1]);
		w += rows[i].e[1];
	}
	memcpy(t + 4, &at, 4);
	memcpy(want + 4, &w, 4);
	CHECK(acpi_madt_valid(t, sizeof(t)));
	acpi_madt_filter(t);
	CHECK_MEM(t, want, w);
}

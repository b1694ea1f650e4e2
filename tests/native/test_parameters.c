/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What the loader writes into parameter areas, directive by directive as QEMU 11 has them
 * (backends/igvm.c), and that it offers no others. The device tree is compared with what another
 * program, dtc 1.6.1, makes of its source.
 *
 * sources: tests/native/no_hostile.c launch/machine/load/area.c launch/machine/load/make_madt.c
 * sources: launch/machine/dev/acpi/acpi_madt.c svsm/lib/acpi/acpi_table.c svsm/lib/acpi/acpi_q35.c
 * sources: launch/machine/load/make_device_tree.c
 */
#include "tests/native/check.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/pool.h"
#include "machine/host/mem/ram.h"
#include "machine/host_assert.h"
#include "machine/load/area.h"
#include "machine/load/make_device_tree.h"

#include <stdlib.h>
#include <string.h>

/* ---- the machine of fakes: two ranges of RAM, three vCPUs ---- */

static struct vcpu vcpus[3] = {{.apic_id = 1}, {.apic_id = 2}, {.apic_id = 3}};
struct vcpu *machine_vcpus[] = {&vcpus[0], &vcpus[1], &vcpus[2]};
unsigned machine_vcpu_count = 3;

static const struct host_range ranges[] = {{0, 0x8000000}, {0x100000000, 0x4000000}};

unsigned host_guest_ranges(const struct host_range **r)
{
	*r = ranges;
	return ARRAY_LEN(ranges);
}

void *host_pages_alloc(unsigned count)
{
	return calloc(count, PAGE_SIZE);
}

void host_pages_free(void *p, unsigned count)
{
	(void)count;
	free(p);
}

hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)(uintptr_t)p);
}

void loader_read(const struct loader *l, uint32_t offset, hpa_t dst, uint32_t len)
{
	(void)l;
	memset((void *)(uintptr_t)dst.v, (int)offset, len);
}

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

/* ---- one area, one parameter ---- */

static struct loader_areas areas;

static uint8_t *declare(uint64_t size, uint32_t file_offset)
{
	const struct igvm_parameter_area d = {.size = size, .index = 5, .file_offset = file_offset};
	const struct igvm_header h = {.type = IGVM_PARAMETER_AREA, .body = &d};

	area_free(&areas);
	area_declare(NULL, &areas, &h);
	return area_find(&areas, 5)->data;
}

static bool fill(uint32_t type, uint32_t offset)
{
	const struct igvm_parameter d = {.index = 5, .offset = offset};
	const struct igvm_header h = {.type = type, .body = &d};

	return area_fill(&areas, &h);
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

TEST(an_area_starts_as_the_file_says)
{
	const uint8_t *data = declare(2 * PAGE_SIZE, 0);

	for (unsigned i = 0; i < 2 * PAGE_SIZE; i++)
		CHECK_EQ(data[i], 0);
	data = declare(PAGE_SIZE, 0x77);
	CHECK_EQ(data[0], 0x77);
	CHECK_EQ(data[PAGE_SIZE - 1], 0x77);
}

TEST(words)
{
	const uint8_t *data = declare(PAGE_SIZE, 0x55);

	CHECK(fill(IGVM_VP_COUNT, 8));
	CHECK(fill(IGVM_ENVIRONMENT_INFO, 16));
	CHECK_EQ(word_at(data + 4), 0x55555555);
	CHECK_EQ(word_at(data + 8), 3);
	CHECK_EQ(word_at(data + 12), 0x55555555);
	CHECK_EQ(word_at(data + 16), 1); /* memory_is_shared */
	CHECK_EQ(word_at(data + 20), 0x55555555);
}

TEST(memory_map)
{
	struct igvm_memory_map_entry map[3];
	const uint8_t *data = declare(PAGE_SIZE, 0x55);

	CHECK_EQ(area_parameter_size(IGVM_MEMORY_MAP), sizeof(map));
	CHECK(fill(IGVM_MEMORY_MAP, 0));
	memcpy(map, data, sizeof(map));
	CHECK_EQ(map[0].pfn, 0);
	CHECK_EQ(map[0].pages, 0x8000);
	CHECK_EQ(map[1].pfn, 0x100000);
	CHECK_EQ(map[1].pages, 0x4000);
	CHECK_EQ(map[1].type, IGVM_MEMORY_RAM);
	CHECK_EQ(map[2].pages, 0);
}

/* ACPI 6.5, 5.2.12: the header's length covers the table, and all bytes add up to zero. */
TEST(madt)
{
	const uint8_t *data = declare(PAGE_SIZE, 0x55);
	uint32_t length = area_parameter_size(IGVM_MADT);
	uint8_t sum = 0;

	CHECK(fill(IGVM_MADT, 0));
	CHECK_MEM(data, "APIC", 4);
	CHECK_EQ(word_at(data + 4), length);
	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + data[i]);
	CHECK_EQ(sum, 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(data[44 + 8 * i + 3], i + 1);
	CHECK_EQ(data[length], 0x55);
}

/*
 * What dtc makes of
 *
 *	/dts-v1/;
 *	/ {
 *		compatible = "svsm";
 *		#address-cells = <2>;
 *		#size-cells = <2>;
 *		device-plane = <2>;
 *	};
 */
static const uint8_t device_tree[] = {
	0xd0, 0x0d, 0xfe, 0xed, 0x00, 0x00, 0x00, 0xbf, 0x00, 0x00, 0x00, 0x38, 0x00, 0x00, 0x00,
	0x8c, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x33, 0x00, 0x00, 0x00, 0x54, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00,
	0x00, 0x73, 0x76, 0x73, 0x6d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00,
	0x00, 0x04, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, 0x00,
	0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x1a, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03,
	0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x26, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x09, 0x63, 0x6f, 0x6d, 0x70, 0x61, 0x74, 0x69, 0x62, 0x6c, 0x65,
	0x00, 0x23, 0x61, 0x64, 0x64, 0x72, 0x65, 0x73, 0x73, 0x2d, 0x63, 0x65, 0x6c, 0x6c, 0x73,
	0x00, 0x23, 0x73, 0x69, 0x7a, 0x65, 0x2d, 0x63, 0x65, 0x6c, 0x6c, 0x73, 0x00, 0x64, 0x65,
	0x76, 0x69, 0x63, 0x65, 0x2d, 0x70, 0x6c, 0x61, 0x6e, 0x65, 0x00,
};

TEST(device_tree_is_what_dtc_makes)
{
	const uint8_t *data = declare(PAGE_SIZE, 0x55);

	CHECK_EQ(area_parameter_size(IGVM_DEVICE_TREE), sizeof(device_tree));
	CHECK(fill(IGVM_DEVICE_TREE, 0x100));
	CHECK_EQ(data[0xff], 0x55);
	CHECK_MEM(data + 0x100, device_tree, sizeof(device_tree));
	CHECK_EQ(data[0x100 + sizeof(device_tree)], 0x55);
}

TEST(command_line_is_empty)
{
	const uint8_t *data = declare(PAGE_SIZE, 0x55);

	CHECK(fill(IGVM_COMMAND_LINE, 0));
	CHECK_EQ(data[0], 0);
	CHECK_EQ(data[1], 0x55);
}

/* QEMU 11 has no handler for these either. */
TEST(what_is_not_offered)
{
	static const uint32_t types[] = {IGVM_SRAT, IGVM_SLIT, IGVM_PPTT, IGVM_MMIO_RANGES};
	const uint8_t *data = declare(PAGE_SIZE, 0x55);

	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		CHECK_EQ(area_parameter_size(types[i]), 0);
		CHECK(!fill(types[i], 0));
	}
	CHECK_EQ(data[0], 0x55);
	area_free(&areas);
}

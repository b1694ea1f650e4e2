/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The launch page's list for firmware (abi/launch.h): what no firmware can be started with is
 * refused. The good one is that of edk2's OvmfPkg/ResetVector/X64/OvmfSevMetadata.nasm.inc.
 *
 * sources: svsm/lib/launch_sections.c
 */
#include "tests/native/check.h"
#include "lib/launch_sections.h"

#include <string.h>

static struct launch_info page;

static struct launch_info *good(void)
{
	static const struct launch_section sections[] = {
		{0x800000, 0x9000, LAUNCH_SECTION_MEMORY},
		{0x80a000, 0x3000, LAUNCH_SECTION_MEMORY},
		{0x80d000, 0x1000, LAUNCH_SECTION_SECRETS},
		{0x80e000, 0x1000, LAUNCH_SECTION_CPUID},
		{0x80f000, 0x1000, LAUNCH_SECTION_CAA},
		{0x811000, 0x1f000, LAUNCH_SECTION_MEMORY},
		{0x810000, 0x1000, LAUNCH_SECTION_KERNEL_HASHES},
	};

	page = (struct launch_info){.guest = LAUNCH_GUEST_FIRMWARE,
				    .svsm = {0x40000000, 0x1000000},
				    .kernel = {0xffc00000, 0x400000},
				    .setup = {0x41001000, 0x1000},
				    .section_count = ARRAY_LEN(sections),
				    .params = {0x812000, 8, 0x8120c0}};
	memcpy(page.sections, sections, sizeof(sections));
	return &page;
}

static bool is_refused(const char *why)
{
	const char *said = launch_sections_objection(&page);

	return CHECK(said) && CHECK(strstr(said, why));
}

TEST(what_firmware_asks_for_is_accepted)
{
	CHECK(!launch_sections_objection(good()));
	good()->params = (struct launch_params){0};
	CHECK(!launch_sections_objection(&page));
	page = (struct launch_info){.guest = LAUNCH_GUEST_LINUX, .kernel = {0x4000000, 0x1000}};
	CHECK(!launch_sections_objection(&page));
}

TEST(the_image_ends_at_4_gib)
{
	good()->kernel.gpa -= PAGE_SIZE;
	is_refused("end at 4 GiB");
	good()->kernel = (struct launch_range){0x100000000, 0};
	is_refused("end at 4 GiB");
	good()->kernel = (struct launch_range){0x100000000 - 0x800, 0x800};
	is_refused("end at 4 GiB");
	good()->kernel = (struct launch_range){-0x1000ull, 0x100001000};
	is_refused("end at 4 GiB");
}

TEST(the_boot_vcpu_has_a_page)
{
	good()->setup.size = 0;
	is_refused("boot vCPU");
	good()->setup.gpa = 0x41000000; /* erratum: 2 MiB aligned */
	is_refused("boot vCPU");
}

TEST(sections_are_whole_pages_of_known_types)
{
	good()->sections[0].size = 0;
	is_refused("whole pages");
	good()->sections[0].gpa += 8;
	is_refused("whole pages");
	good()->sections[0].size = 0x9800;
	is_refused("whole pages");
	good()->sections[0] = (struct launch_section){0xfffff000, 0x2000, LAUNCH_SECTION_MEMORY};
	is_refused("whole pages");
	good()->sections[0].type = 0;
	is_refused("type");
	good()->sections[0].type = 5;
	is_refused("type");
	good()->sections[3].size = 0x2000;
	is_refused("one page");
}

TEST(sections_do_not_overlap)
{
	good()->sections[1].gpa = 0x808000;
	is_refused("overlap");
	good()->sections[0] = (struct launch_section){0x700000, 0x200000, LAUNCH_SECTION_MEMORY};
	is_refused("overlap");
	good()->sections[0].gpa = 0xffd00000;
	is_refused("image");
}

TEST(secrets_cpuid_and_calling_area_are_there_once)
{
	for (unsigned i = 2; i < 5; i++) {
		good()->sections[i].type = LAUNCH_SECTION_MEMORY;
		is_refused("or two of them");
		good()->sections[7] = good()->sections[i];
		page.sections[7].gpa = 0x900000;
		page.section_count++;
		is_refused("or two of them");
	}
}

TEST(parameters_lie_in_memory)
{
	good()->params.memory_map = 0x80d000; /* the secrets */
	is_refused("memory map outside");
	good()->params.memory_map_entries = 0x1e000 / 24 + 1;
	is_refused("memory map outside");
	good()->params.memory_map_entries = ~0u;
	is_refused("memory map outside");
	good()->params.memory_map_entries = 0;
	is_refused("without room");
	good()->params.memory_map += 4;
	is_refused("memory map outside");
	good()->params.vp_count = 0x830000;
	is_refused("number of vCPUs");
	good()->params.vp_count = 0x8120c2;
	is_refused("number of vCPUs");
}

TEST(counts_fit_the_guest)
{
	good()->section_count = LAUNCH_SECTIONS_MAX + 1;
	is_refused("too many");
	good()->section_count = ~0u;
	is_refused("too many");
	good()->section_count = 6;
	is_refused("not zero");
	good()->guest = LAUNCH_GUEST_LINUX;
	is_refused("without firmware");
	page = (struct launch_info){.guest = LAUNCH_GUEST_BARE, .params = {.vp_count = 4}};
	is_refused("without firmware");
}

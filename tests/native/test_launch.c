/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * From the builder's image to guest memory: files made by harness/igvm are launched by the
 * monitor's loader on a machine of fakes. Page types, CPUID and secrets page: 56860, 8.17.2.
 *
 * sources: tests/native/no_hostile.c launch/machine/load/loader.c launch/machine/load/source.c launch/machine/load/room.c launch/machine/load/check.c
 * sources: launch/machine/load/place.c launch/machine/load/area.c launch/machine/load/make_madt.c
 * sources: launch/machine/dev/acpi/acpi_madt.c svsm/lib/acpi/acpi_table.c svsm/lib/acpi/acpi_q35.c
 * sources: launch/machine/load/psp.c svsm/lib/tsc.c launch/machine/load/make_device_tree.c harness/igvm/image.c harness/igvm/blob.c harness/igvm/build_vmsa.c
 * sources: svsm/lib/igvm/igvm_read.c svsm/lib/igvm/igvm_area.c svsm/lib/igvm/igvm_rules.c
 * sources: svsm/lib/igvm/igvm_text.c svsm/lib/crc32.c svsm/lib/fmt.c svsm/lib/vmsa.c
 */
#include "tests/native/fake_launch.h"

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
	CHECK_EQ(word, IGVM_ENVIRONMENT_SHARED); /* as QEMU 11 has it */
	CHECK_EQ(ram[0x203000], 0);              /* the page was the area's, not the image's */
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
	/* leaves 0, 1, 0xb.0, 0xb.1, 0xd.0, 0xd.1, the two other ranges' first ones and the
	 * signature's */
	CHECK_EQ(c->count, 9);
	CHECK_EQ(c->fn[3].eax_in, 0xb);
	CHECK_EQ(c->fn[3].ecx_in, 1);
	CHECK_EQ(c->fn[3].xcr0_in, 0);
	for (unsigned i = 0; i < 2; i++) { /* above the highest leaf, for XCR0 at reset */
		CHECK_EQ(c->fn[4 + i].eax_in, 0xd);
		CHECK_EQ(c->fn[4 + i].ecx_in, i);
		CHECK_EQ(c->fn[4 + i].xcr0_in, 1);
		CHECK_EQ(c->fn[4 + i].xss_in, 0);
	}
	s = (const void *)(ram + 0x201000);
	CHECK_EQ(s->fms, 0xa00f11);
	for (unsigned i = 0; i < 4; i++)
		CHECK(memcmp(s->vmpck[i], zeroes, 32));
	CHECK(memcmp(s->vmpck[0], s->vmpck[1], 32));
	CHECK_EQ(s->svsm_base | s->svsm_size | s->svsm_caa, 0);
}

TEST(keys_are_the_security_processors)
{
	const struct snp_secrets *s;
	struct image m;

	for (unsigned i = 0; i < sizeof(psp_keys); i++)
		psp_keys[i / 32][i % 32] = (uint8_t)(i + 1);
	have_psp = true;
	begin(&m);
	image_add(&m, 0x200000, pattern, 100);
	image_special(&m, 0x201000, IGVM_PAGE_SECRETS);
	end(&m);
	CHECK_EQ(launch(), 0);
	have_psp = false;
	s = (const void *)(ram + 0x201000);
	CHECK_MEM(s->vmpck, psp_keys, sizeof(psp_keys));
}

/* What it is asked for by CPUID and TSC_INFO messages later. */
TEST(the_security_processor_knows_of_the_launch)
{
	struct image m;

	begin(&m);
	m.vmsa.sev_features |= SEV_FEAT_SECURE_TSC;
	m.vmsa.tsc_offset = 77;
	image_special(&m, 0x200000, IGVM_PAGE_CPUID);
	image_special(&m, 0x201000, IGVM_PAGE_SECRETS);
	end(&m);
	CHECK_EQ(launch(), 0);
	CHECK_MEM(&told_cpuid, ram + 0x200000, sizeof(told_cpuid));
	CHECK_EQ(told_scale, 1ull << 32);
	CHECK_EQ(told_offset, 77);
	CHECK_EQ(told_factor, ((const struct snp_secrets *)(ram + 0x201000))->tsc_factor);
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

static const struct gpa_extent *added_at(uint64_t base)
{
	for (unsigned i = 0; i < added_count; i++)
		if (added[i].base == base)
			return &added[i];
	abort();
}

/* QEMU 10.1, backends/igvm.c: pages and required memory outside of RAM get RAM. Firmware ends at 4
 * GiB, an SVSM begins where RAM ends. */
TEST(pages_outside_ram)
{
	struct image m;
	const struct gpa_extent *e;

	begin(&m);
	image_add(&m, 0xffffe000, pattern, 2 * 4096);
	image_require(&m, RAM_SIZE, 0x400000);
	image_add(&m, RAM_SIZE + 0x1000, pattern + 1, 3 * 4096);
	image_param(&m, IGVM_MEMORY_MAP, RAM_SIZE + 0x400000, 4096);
	end(&m);
	CHECK_EQ(launch(), 0);
	e = added_at(0xffffe000);
	CHECK_EQ(e->size, 0x2000);
	CHECK(e->guest);
	CHECK_EQ(memcmp((void *)(uintptr_t)e->host, pattern, 0x2000), 0);
	e = added_at(RAM_SIZE);
	CHECK_EQ(e->size, 0x401000);
	CHECK_EQ(e->host % SIZE_2M, 0);
	CHECK_EQ(memcmp((uint8_t *)(uintptr_t)e->host + 0x1000, pattern + 1, 3 * 4096), 0);
	CHECK_EQ(added_count, 3); /* and the boot VMSA */
	CHECK_EQ(outside, 2 + 3 + 1 + 1);
	CHECK_EQ(kept, 2);
	CHECK_EQ(saved, 2);
}

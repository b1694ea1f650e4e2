/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Files that the loader refuses: for the right reason, and before anything is changed.
 *
 * sources: tests/native/no_hostile.c launch/machine/load/loader.c launch/machine/load/source.c launch/machine/load/room.c launch/machine/load/check.c
 * sources: launch/machine/load/place.c launch/machine/load/area.c launch/machine/load/make_madt.c
 * sources: launch/machine/dev/acpi/acpi_madt.c svsm/lib/acpi/acpi_table.c svsm/lib/acpi/acpi_q35.c
 * sources: launch/machine/load/psp.c svsm/lib/tsc.c launch/machine/load/make_device_tree.c harness/igvm/image.c harness/igvm/blob.c harness/igvm/build_vmsa.c
 * sources: svsm/lib/igvm/igvm_read.c svsm/lib/igvm/igvm_area.c svsm/lib/igvm/igvm_rules.c
 * sources: svsm/lib/igvm/igvm_text.c svsm/lib/crc32.c svsm/lib/fmt.c svsm/lib/vmsa.c
 */
#include "tests/native/fake_launch.h"

static void expect_refusal(const char *part)
{
	CHECK_EQ(launch(), MACHINE_END_BAD_IGVM);
	if (!strstr(last_words, part))
		CHECK_STR(last_words, part);
	CHECK_EQ(launch_ram_calls, 0);
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
	image_add(&m, RAM_SIZE - 0x1000, pattern, 4096);
	image_add(&m, 0xfec00000, pattern, 4096);
	end(&m);
	expect_refusal("0xfec00000..0xfec01000 needs RAM that this machine has not");
	CHECK_EQ(ram[RAM_SIZE - 0x1000], 0xcc);

	begin(&m);
	image_add(&m, 0x1000000000, pattern, 4096); /* 64 GiB */
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

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The version that a bzImage names (Linux Documentation/arch/x86/boot.rst, "kernel_version"), and
 * whether such a kernel knows of an SVSM: 6.11 was the first.
 *
 * sources: harness/igvm/linux_version.c
 */
#include "tests/native/check.h"
#include "harness/igvm/linux_version.h"

#include <string.h>

static uint8_t image[0x2000];
static struct blob kernel = {image, sizeof(image)};
static char text[LINUX_VERSION_MAX];

/* offset: of the text from the file's begin; setup_sects: 0 means 4 */
static void make(unsigned offset, const char *version, unsigned setup_sects)
{
	memset(image, 0, sizeof(image));
	image[0x1f1] = (uint8_t)setup_sects;
	image[0x20e] = (uint8_t)(offset - 0x200);
	image[0x20f] = (uint8_t)((offset - 0x200) >> 8);
	strcpy((char *)image + offset, version);
	kernel.size = sizeof(image);
}

TEST(it_is_named)
{
	make(0x600, "6.1.0-52-cloud-amd64 (debian-kernel) #1 SMP", 7);
	CHECK(linux_version(&kernel, text));
	CHECK_STR(text, "6.1.0-52-cloud-amd64 (debian-kernel) #1 SMP");
}

TEST(none_is_named)
{
	make(0x600, "6.12.1", 7);
	image[0x20e] = image[0x20f] = 0;
	CHECK(!linux_version(&kernel, text));
	make(0x600, "", 7);
	CHECK(!linux_version(&kernel, text));
	kernel.size = 0x20f;
	CHECK(!linux_version(&kernel, text));
}

TEST(it_stays_in_the_setup_sectors_and_in_the_file)
{
	make(0x600, "6.12.1", 2);
	CHECK(!linux_version(&kernel, text));
	make(0x5fe, "6.12.1", 2);
	CHECK(linux_version(&kernel, text));
	CHECK_STR(text, "6.");
	make(0x9fe, "6.12.1", 0);
	CHECK(linux_version(&kernel, text));
	CHECK_STR(text, "6.");
	make(0x1ffe, "6", 255);
	kernel.size = 0x1fff;
	CHECK(linux_version(&kernel, text));
	CHECK_STR(text, "6");
	make(0x600, "6", 255);
	image[0x20e] = image[0x20f] = 0xff;
	CHECK(!linux_version(&kernel, text));
}

TEST(a_long_one_is_cut_and_a_strange_one_ends)
{
	make(0x600, "6.12.1", 7);
	memset(image + 0x600, 'x', 0x100);
	CHECK(linux_version(&kernel, text));
	CHECK_EQ(strlen(text), LINUX_VERSION_MAX - 1);
	make(0x600, "6.1\033[2J", 7);
	CHECK(linux_version(&kernel, text));
	CHECK_STR(text, "6.1");
}

TEST(which_know_an_svsm)
{
	CHECK(!linux_knows_svsm("6.1.0-52-cloud-amd64 (debian)"));
	CHECK(!linux_knows_svsm("6.10.11"));
	CHECK(!linux_knows_svsm("5.15.0"));
	CHECK(linux_knows_svsm("6.11.0"));
	CHECK(linux_knows_svsm("6.12.95+deb12-cloud-amd64"));
	CHECK(linux_knows_svsm("7.2.13"));
	CHECK(linux_knows_svsm("10.0"));
	CHECK(linux_knows_svsm("next-20261130"));
}

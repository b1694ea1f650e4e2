/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Firmware images: an image is built here as edk2's reset vector lays it out
 * (OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.nasm.inc), then damaged. The table of hashes is QEMU's
 * (target/i386/sev.c).
 *
 * sources: harness/igvm/ovmf.c harness/igvm/ovmf_hashes.c harness/igvm/blob.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/igvm/ovmf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 0x4000

static const char sev[] = "\x66\x65\x88\xdc\x4a\x98\x98\x47\xa7\x5e\x55\x85\xa7\xbf\x67\xcc";
static const char hashes[] = "\x1f\x37\x55\x72\x3b\x3a\x04\x4b\x92\x7b\x1d\xa6\xef\xa8\xd4\x54";
static const char igvm[] = "\x0e\xa7\x4f\x78\x76\x31\x77\x46\x8a\x20\x04\xb6\x86\x99\xe3\x74";
static const char footer[] = "\xde\x82\xb5\x96\xb2\x1f\xf7\x45\xba\xea\xa3\x66\xc5\x5a\x08\x2d";

static uint8_t *bytes; /* SIZE of them, on the heap: the sanitizer sees each step outside */
static size_t top;     /* where the next entry of the table ends */
static char said[512];

static void put(size_t at, const void *data, size_t size)
{
	memcpy(bytes + at, data, size);
}

static void put32(size_t at, uint32_t v)
{
	put(at, &v, sizeof(v));
}

/* From the end to the front, as a reader walks. */
static void entry(const char *guid, const uint32_t *data, unsigned words)
{
	uint16_t length = (uint16_t)(4 * words + 18);

	put(top - 16, guid, 16);
	put(top - 18, &length, 2);
	for (unsigned i = 0; i < words; i++)
		put32(top - length + 4 * i, data[i]);
	top -= length;
}

static void list(size_t at, const char *signature, const struct launch_section *rows, uint32_t n)
{
	put(at, signature, 4);
	put32(at + 4, 16 + 12 * n);
	put32(at + 8, 1);
	put32(at + 12, n);
	put(at + 16, rows, n * sizeof(*rows));
}

#define SEV_AT  0x1000
#define IGVM_AT 0x1100

static void finish(void)
{
	uint16_t whole = (uint16_t)(SIZE - 0x20 - top);

	put(SIZE - 0x30, footer, 16);
	put(SIZE - 0x32, &whole, 2);
}

static void image(void)
{
	static const struct launch_section sections[] = {
		{0x800000, 0x9000, 1}, {0x80d000, 0x1000, 2}, {0x80e000, 0x1000, 3},
		{0x80f000, 0x1000, 4}, {0x811000, 0xf000, 1}, {0x810000, 0x1000, 16}};
	static const struct launch_section params[] = {{0x812000, 0x1000, 0x100},
						       {0, 8 * 24, 0x101},
						       {192, 16, 0x102},
						       {0x813000, 0x1000, 0x200}};

	free(bytes);
	bytes = calloc(1, SIZE);
	top = SIZE - 0x20 - 18;
	entry("0123456789abcdef", (uint32_t[]){0x80b004}, 1);
	entry(hashes, (uint32_t[]){0x810c00, 0x400}, 2);
	entry(sev, (uint32_t[]){SIZE - SEV_AT}, 1);
	entry(igvm, (uint32_t[]){SIZE - IGVM_AT}, 1);
	finish();
	list(SEV_AT, "ASEV", sections, ARRAY_LEN(sections));
	list(IGVM_AT, "IGVM", params, ARRAY_LEN(params));
}

/* What the reader writes to stderr is kept in said[]. */
static bool take(struct ovmf *o)
{
	struct blob b = {bytes, SIZE};
	int keep = dup(2), to[2];
	bool ok;
	ssize_t n;

	if (!CHECK(pipe(to) == 0))
		return false;
	dup2(to[1], 2);
	ok = ovmf_read("FD", &b, o);
	dup2(keep, 2);
	close(to[1]);
	close(keep);
	n = read(to[0], said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = 0;
	close(to[0]);
	return ok;
}

static void refused(const char *why)
{
	struct ovmf o;

	CHECK(!take(&o));
	if (!CHECK(strstr(said, why)))
		fprintf(stderr, "%s: %s", why, said);
	CHECK(strchr(said, '\n') == said + strlen(said) - 1);
}

TEST(everything_is_read)
{
	struct ovmf o;

	image();
	CHECK(take(&o));
	CHECK_EQ(o.section_count, 6);
	CHECK_EQ(o.sections[3].gpa, 0x80f000);
	CHECK_EQ(o.sections[5].type, LAUNCH_SECTION_KERNEL_HASHES);
	CHECK_EQ(o.hashes, 0x810c00);
	CHECK_EQ(o.params.memory_map, 0x812000);
	CHECK_EQ(o.params.memory_map_entries, 8);
	CHECK_EQ(o.params.vp_count, 0x8120c0);
}

TEST(older_firmware_asks_for_less)
{
	struct ovmf o;

	image();
	put(SEV_AT + 16 + 5 * 12 + 8, "\1", 1); /* the section for hashes is plain memory */
	put(top + 4 + 2, "none", 4);            /* no parameters: another GUID */
	CHECK(take(&o));
	CHECK(!o.hashes && !o.params.memory_map && !o.params.vp_count);
}

TEST(no_firmware_for_an_svsm)
{
	image();
	put(SIZE - 0x30, "x", 1);
	refused("no firmware with SEV-SNP metadata");
	image();
	put(top + 22 + 6, "x", 1); /* the GUID of the SEV list */
	refused("no firmware with SEV-SNP metadata");
	image();
	put(SEV_AT + 16 + 3 * 12 + 8, "\1", 1);
	refused("no calling area");
}

TEST(a_table_that_leaves_the_file)
{
	static const uint16_t lengths[] = {0, 17, 0xffff};

	for (unsigned i = 0; i < ARRAY_LEN(lengths); i++) {
		image();
		put(SIZE - 0x32, &lengths[i], 2); /* of the whole table */
		refused("no firmware");
		image();
		put(SIZE - 0x32 - 18, &lengths[i], 2); /* of its last entry */
		refused("no firmware");
	}
}

TEST(a_list_that_leaves_the_file)
{
	static const uint32_t distances[] = {0, 15, SIZE + 1, ~0u};

	for (unsigned i = 0; i < ARRAY_LEN(distances); i++) {
		image();
		put32(top + 22, distances[i]);
		refused("ASEV list lies outside");
	}
	image();
	put32(SEV_AT + 12, (SIZE - SEV_AT - 16) / 12 + 1);
	refused("leaves the file");
	image();
	put32(SEV_AT + 12, 0x20000000);
	refused("leaves the file");
	image();
	put32(SEV_AT + 4, 16);
	refused("leaves the file");
}

TEST(a_list_of_another_kind)
{
	image();
	put(SEV_AT, "ASEW", 4);
	refused("no ASEV list");
	image();
	put32(SEV_AT + 8, 2);
	refused("version 2");
	image();
	list(SEV_AT, "ASEV", (struct launch_section[1]){{0}}, 0);
	refused("0 sections");
	image();
	list(SEV_AT, "ASEV", (struct launch_section[17]){{0}}, 17);
	refused("17 sections");
	image();
	put32(IGVM_AT + 8, 3);
	refused("version 3 of its IGVM list");
}

TEST(sizes_no_firmware_has)
{
	struct ovmf o;

	image();
	CHECK(!ovmf_read("FD", &(struct blob){bytes, 0}, &o));
	CHECK(!ovmf_read("FD", &(struct blob){bytes, 0xfff}, &o));
	CHECK(!ovmf_read("FD", &(struct blob){bytes, 0x1800}, &o));
	CHECK(!ovmf_read("FD", &(struct blob){bytes, OVMF_SIZE_MAX + PAGE_SIZE}, &o));
}

/* SHA-256 of "", "abc" (FIPS 180) and of a NUL byte alone. */
TEST(hashes_as_qemu_lays_them_out)
{
	static const uint8_t abc[4] = {0xba, 0x78, 0x16, 0xbf}, none[4] = {0xe3, 0xb0, 0xc4, 0x42},
			     nul[4] = {0x6e, 0x34, 0x0b, 0x9c};
	static uint8_t kernel[] = "abc";
	struct blob k = {kernel, 3}, empty = {0};
	uint8_t out[OVMF_HASHES_SIZE];

	ovmf_hashes(&k, &empty, "", out);
	CHECK_EQ(out[16], 168);
	CHECK(!memcmp(out + 18, "\xd8\x2d\xd0\x97", 4)); /* command line, initrd, kernel */
	CHECK_EQ(out[18 + 16], 50);
	CHECK(!memcmp(out + 18 + 18, nul, 4));
	CHECK(!memcmp(out + 68 + 18, none, 4));
	CHECK(!memcmp(out + 118 + 18, abc, 4));
	for (unsigned i = 168; i < sizeof(out); i++)
		CHECK_EQ(out[i], 0);
}

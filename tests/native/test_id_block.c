/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * ID blocks: how they are made, put into an IGVM file, and judged at the end of the launch. SEV-SNP
 * firmware ABI (56860), 8.18; igvm_defs, IGVM_VHS_SNP_ID_BLOCK.
 *
 * sources: harness/igvm/id_block.c harness/igvm/id_insert.c harness/igvm/measure.c
 * sources: harness/igvm/blob.c harness/igvm/image.c harness/igvm/build_vmsa.c
 * sources: harness/psp/launch_finish.c svsm/lib/igvm/igvm_read.c svsm/lib/igvm/igvm_rules.c
 * sources: svsm/lib/igvm/igvm_area.c svsm/lib/crc32.c svsm/lib/vmsa.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/igvm/build.h"
#include "harness/igvm/id_block.h"
#include "harness/igvm/image.h"
#include "harness/psp/launch_finish.h"

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/keelson-id-XXXXXX";
static char id_pem[64], author_pem[64], other_pem[64];
static struct blob file;
static struct igvm_file igvm;
static struct measure measure;
static struct id_block_words words;
static struct igvm_snp_id_block made;
static struct psp_guest guest;
static struct id_block block;
static struct id_auth auth;

static void write_key(char path[64], const char *name, EVP_PKEY *key)
{
	FILE *f;

	snprintf(path, 64, "%s/%s", folder, name);
	f = fopen(path, "w");
	CHECK(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
	fclose(f);
	EVP_PKEY_free(key);
}

static void make_file(void)
{
	struct image m = {.policy = 0x30000};
	uint8_t page[PAGE_SIZE] = "code";

	image_add(&m, 0x100000, page, sizeof(page));
	image_add(&m, 0x102000, page, 100);
	build_vmsa(&m.vmsa, 0x100000, 1);
	CHECK(image_write(&m, &file));
	image_free(&m);
	CHECK_EQ(igvm_open(&igvm, file.data, file.size, file.size), IGVM_OK);
	CHECK_EQ(measure_snp(&igvm, false, &measure), IGVM_OK);
}

/* A block by both keys, in the firmware's form, and a guest that was launched so. */
static void begin(void)
{
	if (!file.size) {
		CHECK(mkdtemp(folder));
		write_key(id_pem, "id.pem", EVP_EC_gen("P-384"));
		write_key(author_pem, "author.pem", EVP_EC_gen("P-384"));
		write_key(other_pem, "p256.pem", EVP_EC_gen("P-256"));
		make_file();
	}
	words = (struct id_block_words){.id_key = id_pem,
					.author_key = author_pem,
					.family_id = "family",
					.image_id = "image",
					.guest_svn = 7};
	CHECK(id_block_make(&words, &measure, &made));
	id_block_of_igvm(&made, measure.policy, &block, &auth);
	guest = (struct psp_guest){.policy = measure.policy};
	memcpy(guest.measurement, measure.digest, sizeof(guest.measurement));
}

static void check_refused(enum snp_status status)
{
	struct psp_guest before = guest;

	CHECK_EQ(launch_finish(&guest, &block, &auth, true), status);
	CHECK_MEM(&guest, &before, sizeof(before));
}

TEST(a_good_block_is_in_the_report)
{
	uint8_t digest[48];

	begin();
	CHECK_EQ(launch_finish(&guest, &block, &auth, true), 0);
	CHECK_EQ(guest.guest_svn, 7);
	CHECK_STR((char *)guest.family_id, "family");
	CHECK_STR((char *)guest.image_id, "image");
	CHECK(guest.author_key);
	SHA384((uint8_t *)&auth + 0x240, 0x404, digest);
	CHECK_MEM(guest.id_key_digest, digest, 48);
	SHA384((uint8_t *)&auth + 0x880, 0x404, digest);
	CHECK_MEM(guest.author_key_digest, digest, 48);
}

TEST(an_author_is_not_necessary)
{
	static const uint8_t zeroes[48];

	begin();
	words.author_key = NULL;
	CHECK(id_block_make(&words, &measure, &made));
	CHECK_EQ(made.author_key_enabled, 0);
	id_block_of_igvm(&made, measure.policy, &block, &auth);
	CHECK_EQ(launch_finish(&guest, &block, &auth, false), 0);
	CHECK(!guest.author_key);
	CHECK_MEM(guest.author_key_digest, zeroes, 48);
	begin(); /* and where it does not count it is not looked at */
	auth.id_key_signature.r[0] ^= 1;
	auth.author_key_algo = 9;
	CHECK_EQ(launch_finish(&guest, &block, &auth, false), 0);
}

/* What is wrong first is what is told. */
TEST(the_order_of_checks)
{
	begin();
	auth.author_key.x[0] ^= 1;
	check_refused(0x0a);
	auth.author_key_algo = 2;
	check_refused(0x16);
	guest.policy ^= 1;
	check_refused(0x07);
	guest.measurement[47] ^= 1;
	check_refused(0x0b);
}

TEST(each_part_counts)
{
	static const struct {
		const char *what;
		size_t at; /* in the block, or behind it in the authentication information */
		enum snp_status status;
	} bad[] = {
		{"digest", 0, 0x0b},
		{"family", 0x30, 0x0a},
		{"image", 0x4f, 0x0a},
		{"version", 0x50, 0x16},
		{"SVN", 0x54, 0x0a},
		{"policy", 0x58, 0x07},
		{"algorithm", 0x60, 0x16},
		{"R", 0x60 + 0x40, 0x0a},
		{"S", 0x60 + 0x88, 0x0a},
		{"curve", 0x60 + 0x240, 0x0a},
		{"X", 0x60 + 0x244, 0x0a},
		{"beyond X", 0x60 + 0x244 + 71, 0x0a},
		{"key's rest", 0x60 + 0x2e0, 0x0a},
		{"author's S", 0x60 + 0x6c8, 0x0a},
		{"author's Y", 0x60 + 0x8cc, 0x0a},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint8_t *p;

		check_context("%s", bad[i].what);
		begin();
		p = bad[i].at < sizeof(block) ? (uint8_t *)&block + bad[i].at
					      : (uint8_t *)&auth + bad[i].at - sizeof(block);
		*p ^= 2;
		check_refused(bad[i].status);
	}
}

TEST(keys_that_are_none)
{
	begin();
	words.id_key = other_pem; /* P-256 */
	CHECK(!id_block_make(&words, &measure, &made));
	words.id_key = "/nonexistent";
	CHECK(!id_block_make(&words, &measure, &made));
	words.id_key = id_pem;
	words.author_key = other_pem;
	CHECK(!id_block_make(&words, &measure, &made));
}

/* The file measures as before, holds the block and starts as it did. */
TEST(a_file_gets_one)
{
	struct blob once, twice;
	struct igvm_file f;
	struct measure m;
	struct igvm_snp_id_block found;

	begin();
	CHECK(!id_block_find(&igvm, &found));
	CHECK(id_block_insert(&igvm, &file, &made, &once));
	CHECK_EQ(igvm_open(&f, once.data, once.size, once.size), IGVM_OK);
	CHECK_EQ(igvm_check(&f, NULL), IGVM_OK);
	CHECK_EQ(once.size, file.size + 8 + 696);
	CHECK_EQ(measure_snp(&f, false, &m), IGVM_OK);
	CHECK_MEM(m.digest, measure.digest, sizeof(m.digest));
	CHECK(!m.id_block_differs);
	CHECK(id_block_find(&f, &found));
	CHECK_EQ(found.guest_svn, 7);
	id_block_of_igvm(&found, m.policy, &block, &auth);
	CHECK_EQ(launch_finish(&guest, &block, &auth, found.author_key_enabled), 0);

	words.guest_svn = 8; /* another one takes its place */
	CHECK(id_block_make(&words, &measure, &made));
	CHECK(id_block_insert(&f, &once, &made, &twice));
	CHECK_EQ(twice.size, once.size);
	CHECK_EQ(igvm_open(&f, twice.data, twice.size, twice.size), IGVM_OK);
	CHECK(id_block_find(&f, &found));
	CHECK_EQ(found.guest_svn, 8);
	blob_free(&once);
	blob_free(&twice);
	blob_free(&file);
	unlink(id_pem);
	unlink(author_pem);
	unlink(other_pem);
	rmdir(folder);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The launch digest, against digests that others published: virtee/sev-snp-measure's test of an
 * OVMF (EPYC-v4, one vCPU, guest features 0x21 and 0x1), and its chain for plain pages.
 *
 * sources: svsm/lib/igvm/igvm_read.c svsm/lib/igvm/igvm_area.c svsm/lib/igvm/igvm_rules.c
 * sources: svsm/lib/igvm/igvm_text.c harness/igvm/measure.c svsm/lib/crc32.c
 * sources: svsm/lib/vmsa.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "abi/vmsa.h"
#include "harness/igvm/measure.h"
#include "lib/vmsa.h"

#include <stdio.h>
#include <string.h>

#define NORMAL_DIGEST                                                                              \
	"fcbad412bef7dcc783b377ceec05a874772a9573d86529b99febdcd362aaf7cd"                         \
	"d21c2f53247ae33b921955dd89c82c40"
#define UNMEASURED_DIGEST                                                                          \
	"cc5aed6a06f63b38d24155dfa38e924c44b41d2339bc8a7d3cb1995e67607e88"                         \
	"89a81c2d42e75bb95627b40e344b8929"
#define OVMF_SEED                                                                                  \
	"b91e6fec73d2bcc57ad5fd400a426ce02731c22ea92bc894ce675e7c9921a822"                         \
	"977d6cf025b85f8ef4f264bff8839d20"

static void unhex(const char *hex, uint8_t *out)
{
	for (unsigned i = 0; i < MEASURE_BYTES; i++) {
		unsigned v;

		sscanf(hex + 2 * i, "%2x", &v);
		out[i] = (uint8_t)v;
	}
}

static void check_digest(const uint8_t *digest, const char *hex)
{
	uint8_t want[MEASURE_BYTES];

	unhex(hex, want);
	CHECK_MEM(digest, want, MEASURE_BYTES);
}

TEST(normal_pages)
{
	uint8_t digest[MEASURE_BYTES] = {0}, data[2 * PAGE_SIZE];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	measure_page(digest, MEASURE_NORMAL, 0x1000, data);
	measure_page(digest, MEASURE_NORMAL, 0x2000, data + PAGE_SIZE);
	check_digest(digest, NORMAL_DIGEST);
}

TEST(unmeasured_page)
{
	uint8_t digest[MEASURE_BYTES] = {0};

	measure_page(digest, MEASURE_UNMEASURED, 0x2000, NULL);
	check_digest(digest, UNMEASURED_DIGEST);
}

/* What QEMU and KVM give an EPYC-v4 vCPU at OVMF's reset vector. The published digests judge
 * vmsa_reset() as well: no field of it may differ from what these hosts measure. */
static void ovmf_vmsa(struct vmsa *v, uint64_t features)
{
	vmsa_reset(v);
	v->cr0 = 0x10;
	v->cr4 = 0x40;
	v->rdx = 0x800f12; /* family, model, stepping */
	v->sev_features = features;
}

static void zero_pages(uint8_t *digest, uint64_t at, uint64_t size)
{
	for (uint64_t end = at + size; at < end; at += PAGE_SIZE)
		measure_page(digest, MEASURE_ZERO, at, NULL);
}

/* OVMF's metadata sections in their order, after the firmware's own pages (the seed). */
static void ovmf_pages(uint8_t digest[MEASURE_BYTES])
{
	unhex(OVMF_SEED, digest);
	zero_pages(digest, 0x800000, 0x9000);
	zero_pages(digest, 0x80a000, 0x3000);
	measure_page(digest, MEASURE_SECRETS, 0x80d000, NULL);
	measure_page(digest, MEASURE_CPUID, 0x80e000, NULL);
	zero_pages(digest, 0x80f000, 0x1000);
	zero_pages(digest, 0x810000, 0x10000);
}

static void ovmf(uint64_t features, const char *expected)
{
	uint8_t digest[MEASURE_BYTES];
	struct vmsa v;

	ovmf_pages(digest);
	ovmf_vmsa(&v, features);
	measure_page(digest, MEASURE_VMSA, IGVM_SNP_VMSA_GPA, &v);
	check_digest(digest, expected);
}

TEST(ovmf_with_debug_swap)
{
	ovmf(0x21, "28797ae0afaba4005a81e629acebfb59e6687949d6be44007cd5506823b0dd66"
		   "f146aaae26ff291eed7b493d8a64c385");
}

TEST(ovmf_with_snp_alone)
{
	ovmf(0x1, "da0296de8193586a5512078dcd719eccecbd87e2b825ad4148c44f665dc87df2"
		  "1e5b49e21523a9ad993afdb6a30b4005");
}

/*
 * The vCPUs that no file has a state for are as a reset leaves them, and so was that published
 * guest's only one: it stands for the second here.
 */
TEST(a_second_vcpu)
{
	struct measure m = {.sev_features = 0x21};

	ovmf_pages(m.digest);
	measure_more_vcpus(&m, 1, 0x800f12);
	CHECK_EQ(m.pages[MEASURE_VMSA], 0);
	measure_more_vcpus(&m, 2, 0x800f12);
	CHECK_EQ(m.pages[MEASURE_VMSA], 1);
	check_digest(m.digest, "28797ae0afaba4005a81e629acebfb59e6687949d6be44007cd5506823b0dd66"
			       "f146aaae26ff291eed7b493d8a64c385");
}

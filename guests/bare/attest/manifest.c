/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The services manifest: 58019, table 12. A header, an entry for each service, their manifests. */
#include "bare/attest/ask.h"
#include "lib/string.h"

/* 63849ebb-3d92-4670-a1ff-58f9c94b87bb, written here once more: abi/attest.h has had it wrong. */
static const uint8_t services_guid[16] = {0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
					  0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb};
static const uint8_t vtpm_guid[16] = ATTEST_GUID_VTPM;

static const struct attest_manifest_header *header(void)
{
	return (const struct attest_manifest_header *)ask_manifest();
}

static const struct attest_manifest_entry *entry(uint32_t i)
{
	return (const struct attest_manifest_entry *)(header() + 1) + i;
}

/* Sends the request and looks at the header. How many services there are. */
static uint32_t services(void)
{
	struct ask a = ask_services();
	uint32_t n;

	ask_succeeds(&a);
	REQUIRE(a.c.rcx >= sizeof(*header()));
	CHECK_EQ(memcmp(header()->guid, services_guid, 16), 0);
	REQUIRE_EQ(header()->size, a.c.rcx);
	n = header()->services;
	REQUIRE(n <= (header()->size - sizeof(*header())) / sizeof(*entry(0)));
	return n;
}

static bool overlap(const struct attest_manifest_entry *a, const struct attest_manifest_entry *b)
{
	return a->size && b->size && a->offset < b->offset + b->size &&
	       b->offset < a->offset + a->size;
}

TEST(structure, "services-manifest",
     "each service has one entry, whose manifest lies behind the entries and in no other's",
     "svsm:7:services-manifest svsm:7:guid")
{
	uint32_t n = services(), first = (uint32_t)(sizeof(*header()) + n * sizeof(*entry(0)));

	CHECK_GE(n, 1);
	for (uint32_t i = 0; i < n; i++) {
		const struct attest_manifest_entry *e = entry(i);

		test_case("entry %u", i);
		if (e->size)
			CHECK(e->offset >= first && e->offset <= header()->size &&
			      e->size <= header()->size - e->offset);
		for (uint32_t k = 0; k < i; k++) {
			CHECK_NE(memcmp(e->guid, entry(k)->guid, 16), 0);
			CHECK(!overlap(e, entry(k)));
		}
	}
}

TEST(vtpm, "services-vtpm", "the vTPM is among them, with the manifest that it has alone",
     "svsm:7:services-manifest svsm:8.3:manifest")
{
	static uint8_t manifest[PAGE_SIZE];
	struct ask a = ask_vtpm(0);
	uint32_t n, found = 0;

	if (!calls_has_protocol(SVSM_PROTO_VTPM))
		test_skip("there is no vTPM");
	ask_succeeds(&a);
	REQUIRE(a.c.rcx <= sizeof(manifest));
	memcpy(manifest, ask_manifest(), a.c.rcx);
	n = services();
	for (uint32_t i = 0; i < n; i++) {
		const struct attest_manifest_entry *e = entry(i);

		if (memcmp(e->guid, vtpm_guid, 16) != 0)
			continue;
		found++;
		REQUIRE_EQ(e->size, a.c.rcx);
		REQUIRE(e->offset <= MANIFEST_ROOM - e->size);
		CHECK_EQ(memcmp(ask_manifest() + e->offset, manifest, e->size), 0);
	}
	CHECK_EQ(found, 1);
}

/* One request, and then another: manifests are equal, reports are not. */
static void twice(struct ask *a)
{
	static uint8_t manifest[MANIFEST_ROOM], report[REPORT_SIZE];
	uint64_t size;

	ask_succeeds(a);
	size = a->c.rcx;
	memcpy(manifest, ask_manifest(), size);
	memcpy(report, ask_report(), sizeof(report));
	*(uint8_t *)a->op.op.nonce.gpa ^= 1;
	ask_succeeds(a);
	CHECK_EQ(a->c.rcx, size);
	CHECK_EQ(memcmp(ask_manifest(), manifest, size), 0);
	CHECK_NE(memcmp(ask_report() + 0x50, report + 0x50, 64), 0);
	test_case("the same launch, and what it measured");
	CHECK_EQ(memcmp(ask_report() + 0x90, report + 0x90, 48), 0);
	CHECK_EQ(memcmp(ask_report() + 0x140, report + 0x140, 32), 0);
}

TEST(again, "report-anew",
     "each request has a report of its own, of one launch and equal manifests", "svsm:7:report")
{
	struct ask all = ask_services(), vtpm_alone = ask_vtpm(0);

	twice(&all);
	twice(&vtpm_alone);
}

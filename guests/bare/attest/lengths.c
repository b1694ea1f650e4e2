/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Sizes of the buffers. What does not fit is answered INVALID_PARAMETER with the lengths that are
 * needed in RCX (manifest), RDX (certificates) and R8 (report), and nothing is written: 58019, 7,
 * and sev_svsm_report_new() of Linux, which makes its buffers as large and asks again.
 */
#include "bare/attest/ask.h"

/* One buffer is too small. The lengths of the others are told as well. */
static void too_small(struct ask *a, uint64_t manifest, uint64_t report)
{
	CHECK_EQ(ask_send(a), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(a->c.rcx, manifest);
	CHECK_EQ(a->c.r9, R9_BEFORE);
	CHECK(ask_untouched());
	if (scope_own())
		CHECK_EQ(a->c.r8, report);
}

TEST(report, "length-report", "a report has 1184 bytes: one fewer are too few, and R8 tells",
     "svsm:7:lengths")
{
	static const uint32_t sizes[] = {0, 1, 0x20, 0x2a0, REPORT_SIZE - 1};
	struct ask good = ask_vtpm(0);

	ask_succeeds(&good);
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		struct ask a = ask_vtpm(0);

		test_case("%u bytes", sizes[i]);
		a.op.op.report.size = sizes[i];
		too_small(&a, good.c.rcx, REPORT_SIZE);
		CHECK_EQ(a.c.r8, REPORT_SIZE);
	}
	test_case("just enough");
	good.op.op.report.size = REPORT_SIZE;
	ask_succeeds(&good);
}

static void manifest_of(const char *name, const struct ask *asked)
{
	struct ask good = *asked;
	uint32_t need;

	test_case("%s", name);
	ask_succeeds(&good);
	need = (uint32_t)good.c.rcx;
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t sizes[] = {0, 1, need - 1};
		struct ask a = *asked;

		test_case("%s, %u of %u bytes", name, sizes[i], need);
		a.op.op.manifest.size = sizes[i];
		too_small(&a, need, REPORT_SIZE);
	}
	test_case("%s, just enough", name);
	good.op.op.manifest.size = need;
	ask_succeeds(&good);
	CHECK_EQ(good.c.rcx, need);
}

TEST(manifest, "length-manifest",
     "a manifest that does not fit is not given, and RCX tells its length", "svsm:7:lengths")
{
	struct ask all = ask_services(), first = ask_vtpm(0);

	manifest_of("all services", &all);
	manifest_of("the vTPM", &first);
}

TEST(none, "length-no-certificates",
     "certificates of size 0: none are wanted, wherever they would lie", "svsm:7:certificates")
{
	static const uint64_t addresses[] = {0, 1, MEM_TOO_HIGH, ~0ull};

	for (unsigned i = 0; i < ARRAY_LEN(addresses) + 1; i++) {
		struct ask a = ask_vtpm(0);
		uint64_t gpa = i < ARRAY_LEN(addresses) ? addresses[i] : MEM_SVSM;

		test_case("at 0x%llx", (unsigned long long)gpa);
		a.op.op.certificates.gpa = gpa;
		ask_succeeds(&a);
		CHECK_EQ(a.c.rdx, 0);
	}
}

/* Where the host has certificates, how many bytes: those that a call gives, told. */
static uint64_t certificates_needed(void)
{
	struct ask a = ask_vtpm(0);

	ask_want_certificates(&a);
	ask_succeeds(&a);
	if (!a.c.rdx)
		test_skip("the host has no certificates");
	CHECK_GE(a.c.rdx, 24); /* an empty table */
	return a.c.rdx;
}

TEST(certificates, "length-certificates",
     "certificates that do not fit are not given, nor is anything else, and RDX tells their length",
     "svsm:7:certificates svsm:7:lengths")
{
	struct ask good = ask_vtpm(0);
	uint64_t told = 0;

	certificates_needed();
	for (unsigned i = 0; i < 3; i++) {
		static const uint32_t sizes[] = {1, 24, 512};
		struct ask a = ask_vtpm(0);

		test_case("%u bytes", sizes[i]);
		ask_want_certificates(&a);
		a.op.op.certificates.size = sizes[i];
		CHECK_EQ(ask_send(&a), SVSM_ERR_INVALID_PARAMETER);
		CHECK(a.c.rdx > sizes[i] && a.c.rdx <= CERTIFICATES_ROOM);
		CHECK_EQ(a.c.r9, R9_BEFORE);
		CHECK(ask_untouched());
		told = a.c.rdx;
	}
	test_case("as many as were told");
	ask_want_certificates(&good);
	good.op.op.certificates.size = (uint32_t)told;
	ask_succeeds(&good);
	test_case("fewer than were given");
	good.op.op.certificates.size = (uint32_t)good.c.rdx - 1;
	CHECK_EQ(ask_send(&good), SVSM_ERR_INVALID_PARAMETER);
	CHECK_GE(good.c.rdx, good.op.op.certificates.size + 1);
}

/* The table of the GHCB specification: entries of GUID, u32 offset, u32 length, up to zeroes. */
TEST(table, "certificates-table", "the certificates are a table whose entries lie inside it",
     "svsm:7:certificates")
{
	const uint8_t *t = ask_certificates();
	uint64_t size = certificates_needed(), entries = 0;

	for (uint64_t at = 0;; at += 24, entries++) {
		const uint32_t *where = (const uint32_t *)(t + at + 16);
		bool end = true;

		REQUIRE(at + 24 <= size);
		for (unsigned i = 0; i < 24; i++)
			end &= !t[at + i];
		if (end)
			break;
		CHECK(where[0] >= at + 24 && where[0] <= size && where[1] <= size - where[0]);
	}
	CHECK_GE(entries, 1);
}

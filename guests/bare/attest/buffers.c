/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The three buffers that an answer goes to: report, manifest, certificates. 58019, 7: each begins
 * at a multiple of 4 KiB, and lies in the guest's memory (5: INVALID_ADDRESS).
 */
#include "bare/attest/ask.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/vmpl.h"

struct buffer_row {
	const char *name;
	size_t at; /* of its struct attest_buffer in the operation */
};

static const struct buffer_row buffers[] = {
	{"report", offsetof(struct attest_operation, report)},
	{"manifest", offsetof(struct attest_operation, manifest)},
	{"certificates", offsetof(struct attest_operation, certificates)},
};

static struct ask whole(void)
{
	struct ask a = ask_vtpm(0);

	ask_want_certificates(&a);
	return a;
}

static struct attest_buffer *of(struct ask *a, const struct buffer_row *row)
{
	return (struct attest_buffer *)((uint8_t *)&a->op + row->at);
}

TEST(unaligned, "buffer-unaligned",
     "a buffer that does not begin at a multiple of 4 KiB is refused",
     "svsm:7:buffers svsm:5:align")
{
	static const unsigned offsets[] = {1, 8, 16, 0x800, 0xfff};

	for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(offsets); k++) {
			struct ask a = whole();

			test_case("%s at offset 0x%x", buffers[i].name, offsets[k]);
			of(&a, &buffers[i])->gpa += offsets[k];
			ask_refused(&a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
		}
	}
}

static void refuse_page(const struct buffer_row *row, uint64_t gpa, uint64_t also)
{
	struct ask a = whole();

	of(&a, row)->gpa = gpa;
	ask_refused(&a, SVSM_ERR_INVALID_ADDRESS, also);
}

TEST(bad, "buffer-bad-address", "a buffer that is not in the guest's memory is refused",
     "svsm:5:fault")
{
	struct ask a = whole();

	for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
		for (const struct bad_address *b = calls_bad_addresses(); b->name; b++) {
			test_case("%s, %s", buffers[i].name, b->name);
			refuse_page(&buffers[i], b->gpa, SVSM_ERR_INVALID_PARAMETER);
		}
		test_case("%s, not validated", buffers[i].name);
		refuse_page(&buffers[i], calls_unvalidated(), SVSM_ERR_INVALID_PARAMETER);
	}
	test_case("afterwards");
	ask_succeeds(&a);
}

/* A page that is lost behind the SVSM's back is the guest's loss: it is found out while the answer
 * is written, and the page is not used again. */
static void lose(const struct buffer_row *row)
{
	static unsigned used;
	uint64_t page = ask_page(PAGE_LOST + used++);
	struct ask a = whole();

	REQUIRE_EQ(ghcb_msr_psc(page, GHCB_PSC_SHARED), 0);
	of(&a, row)->gpa = page;
	CHECK_ANSWER(ask_send(&a), SVSM_ERR_INVALID_ADDRESS, SVSM_ERR_INVALID_PARAMETER);
}

TEST(shared, "buffer-shared", "a shared page is no buffer, whoever made it shared", "svsm:5:fault")
{
	struct ask a = whole();

	for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
		uint64_t page = ask_page(PAGE_SPARE + i);

		test_case("%s, rescinded and shared", buffers[i].name);
		REQUIRE(vmpl_page_shared(page));
		refuse_page(&buffers[i], page, SVSM_ERR_INVALID_PARAMETER);
		REQUIRE(vmpl_page_private(page));
		test_case("%s, shared behind the SVSM's back", buffers[i].name);
		lose(&buffers[i]);
	}
	test_case("afterwards");
	ask_succeeds(&a);
}

static void nothing(void *arg)
{
	(void)arg;
}

TEST(duties, "buffer-duties", "neither VMSAs nor calling areas, whoever's, are written",
     "keelson:attest:duties")
{
	smp_start();
	for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
		const uint64_t pages[] = {smp_vmsa(), smp_caa(), (uint64_t)percpu()->caa};

		for (unsigned k = 0; k < ARRAY_LEN(pages); k++) {
			test_case("%s, page %u", buffers[i].name, k);
			refuse_page(&buffers[i], pages[k], SVSM_ERR_INVALID_ADDRESS);
		}
	}
	test_case("the vCPU whose pages they are still runs");
	smp_run(nothing, NULL);
	CHECK(smp_wait(60));
}

/* The sum of address and size has 64 bits here and is not to be trusted. */
TEST(wrap, "buffer-wrap", "a buffer that runs over the end of all addresses is refused",
     "svsm:5:fault")
{
	static const uint32_t sizes[] = {0x2000, 0x80000000, 0xfffff000, 0xffffffff};

	for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(sizes); k++) {
			struct ask a = whole();

			test_case("%s of 0x%x bytes", buffers[i].name, sizes[k]);
			of(&a, &buffers[i])->gpa = ~PAGE_MASK;
			of(&a, &buffers[i])->size = sizes[k];
			ask_refused(&a, SVSM_ERR_INVALID_ADDRESS, SVSM_ERR_INVALID_PARAMETER);
		}
	}
}

/* One that is larger than what is written need not be touched at its end. */
TEST(large, "buffer-large",
     "a buffer may be larger than its contents; what is beyond stays as it was", "svsm:7:lengths")
{
	struct ask a = whole();
	uint64_t behind;

	ask_succeeds(&a);
	behind = ask_page(PAGE_REPORT) + REPORT_SIZE;
	for (uint64_t p = behind; p < ask_page(PAGE_REPORT) + REPORT_ROOM; p++)
		REQUIRE_EQ(*(uint8_t *)p, FILLER);
	for (uint64_t p = ask_page(PAGE_MANIFEST) + a.c.rcx;
	     p < ask_page(PAGE_MANIFEST) + MANIFEST_ROOM; p++)
		REQUIRE_EQ(*(uint8_t *)p, FILLER);
	for (uint64_t p = ask_page(PAGE_CERTIFICATES) + ALIGN_UP(a.c.rdx, PAGE_SIZE);
	     p < ask_page(PAGE_CERTIFICATES) + CERTIFICATES_ROOM; p++)
		REQUIRE_EQ(*(uint8_t *)p, FILLER);
}

/* The buffer's second page is not the guest's. Whether the call fails depends on whether something
 * has to be written there. */
static void cross(const struct buffer_row *row, bool needed)
{
	uint64_t page = ask_page(PAGE_SPARE + 32);
	struct ask a = whole();

	REQUIRE(vmpl_page_validate(page + PAGE_SIZE, false));
	of(&a, row)->gpa = page;
	of(&a, row)->size = CERTIFICATES_ROOM;
	ask_send(&a);
	REQUIRE(vmpl_page_validate(page + PAGE_SIZE, true));
	if (needed)
		CHECK_EQ(a.c.rax, SVSM_ERR_INVALID_ADDRESS);
	else
		CHECK(a.c.rax == SVSM_SUCCESS || a.c.rax == SVSM_ERR_INVALID_ADDRESS);
	if (a.c.rax != SVSM_SUCCESS && scope_own())
		CHECK(ask_untouched());
}

TEST(crossing, "buffer-crossing", "a buffer that runs into a page which is not the guest's",
     "svsm:5:fault")
{
	struct ask a = whole();

	ask_succeeds(&a);
	for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
		test_case("%s", buffers[i].name);
		cross(&buffers[i], i == 2 && a.c.rdx > PAGE_SIZE);
	}
	test_case("afterwards");
	ask_succeeds(&a);
}

/* 58019 does not say what becomes of buffers that overlap: they are the caller's loss alone. */
static void overlap(const char *name, uint64_t report, uint64_t manifest, uint64_t certificates)
{
	struct ask a = whole();

	test_case("%s", name);
	a.op.op.report.gpa = report;
	a.op.op.manifest.gpa = manifest;
	a.op.op.certificates.gpa = certificates;
	ask_send(&a);
	CHECK(a.c.rax == SVSM_SUCCESS || a.c.rax == SVSM_ERR_INVALID_PARAMETER);
}

TEST(overlaps, "buffer-overlap", "buffers that overlap, and with the inputs, harm nobody else",
     "keelson:attest:overlap")
{
	const uint64_t r = ask_page(PAGE_REPORT), m = ask_page(PAGE_MANIFEST),
		       c = ask_page(PAGE_CERTIFICATES);
	struct ask a;

	overlap("report and manifest", r, r, c);
	overlap("report and certificates", c, m, c);
	overlap("report in the certificates' second page", c + PAGE_SIZE, m, c);
	overlap("all three", r, r, r);
	overlap("report over the operation", ask_page(PAGE_OPERATION), m, c);
	overlap("manifest over the nonce", r, ask_page(PAGE_NONCE), c);
	test_case("afterwards");
	a = whole();
	ask_succeeds(&a);
}

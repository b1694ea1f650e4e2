/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The nonce: 64 bytes at any address that cross no multiple of 4 KiB (58019, table 11). The
 * specification names no size; an SVSM that takes others lets a guest move the border between nonce
 * and manifest, which are hashed without anything between.
 */
#include "bare/attest/ask.h"
#include "bare/lib/smp.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

/*
 * A nonce of 64 bytes and the head of a manifest of the caller's own, in front of the SVSM's, hash
 * as the same 64 bytes and a manifest with the caller's key in it. Without a nonce a report proves
 * nothing of when it was made.
 */
TEST(sizes, "nonce-sizes", "a nonce has 64 bytes, and no other number", "keelson:attest:nonce")
{
	static const uint16_t sizes[] = {0, 1, 8, 32, 63, 65, 127, 128, 166, 1000, 4095, 4096};
	struct ask good = ask_vtpm(0);

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		struct ask a = ask_vtpm(0);

		test_case("%u bytes", sizes[i]);
		a.op.op.nonce.size = sizes[i];
		ask_refused(&a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
	}
	if (CHECK_EQ(ask_send(&good), SVSM_SUCCESS))
		ask_check_answer(&good);
}

TEST(places, "nonce-places", "it may lie at any address, up to the end of its page", "svsm:7:nonce")
{
	static const unsigned offsets[] = {1, 7, 0x333, 0xfbf, 0xfc0};

	for (unsigned i = 0; i < ARRAY_LEN(offsets); i++) {
		struct ask a = ask_vtpm(0);

		test_case("offset 0x%x", offsets[i]);
		a.op.op.nonce.gpa += offsets[i];
		memset((void *)a.op.op.nonce.gpa, 0x31 + (int)i, 64);
		if (CHECK_ANSWER(ask_send(&a), SVSM_SUCCESS,
				 offsets[i] % 8 ? SVSM_ERR_INVALID_PARAMETER : SVSM_SUCCESS) &&
		    a.c.rax == SVSM_SUCCESS)
			ask_check_answer(&a);
	}
}

TEST(crossing, "nonce-crossing", "a nonce that crosses a multiple of 4 KiB is refused",
     "svsm:7:nonce")
{
	static const struct {
		unsigned offset;
		uint16_t size;
	} rows[] = {{0xfc1, 64}, {0xfff, 64}, {0xff8, 64}, {0, 4097}, {0, 0xffff}};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct ask a = ask_vtpm(0);

		test_case("%u bytes at offset 0x%x", rows[i].size, rows[i].offset);
		a.op.op.nonce.gpa += rows[i].offset;
		a.op.op.nonce.size = rows[i].size;
		ask_refused(&a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
	}
}

static void refuse_at(uint64_t gpa)
{
	struct ask a = ask_vtpm(0);

	a.op.op.nonce.gpa = gpa;
	ask_refused(&a, SVSM_ERR_INVALID_ADDRESS, SVSM_ERR_INVALID_PARAMETER);
}

TEST(bad, "nonce-bad-address", "a nonce that is not in the guest's memory is refused",
     "svsm:5:fault")
{
	struct ask a;

	for (const struct bad_address *b = calls_bad_addresses(); b->name; b++) {
		test_case("%s", b->name);
		refuse_at(b->gpa);
	}
	test_case("not validated");
	refuse_at(calls_unvalidated());
	test_case("shared");
	REQUIRE(vmpl_page_shared(ask_page(PAGE_SPARE)));
	refuse_at(ask_page(PAGE_SPARE));
	REQUIRE(vmpl_page_private(ask_page(PAGE_SPARE)));
	test_case("the last bytes there are");
	refuse_at(~0ull - 63);
	test_case("afterwards");
	a = ask_vtpm(0);
	ask_succeeds(&a);
}

TEST(duties, "nonce-vmsa", "a VMSA is no nonce", "keelson:attest:duties")
{
	smp_start();
	refuse_at(smp_vmsa());
	refuse_at(smp_vmsa() + 64);
}

/* The nonce lies where the report will: it is read before anything is written. */
TEST(in_buffer, "nonce-in-buffer", "a nonce inside the report's buffer is hashed as it was",
     "keelson:attest:overlap")
{
	struct ask a = ask_vtpm(0);
	uint8_t nonce[64];

	memset(nonce, FILLER, sizeof(nonce)); /* what ask_send() leaves there */
	a.op.op.nonce.gpa = a.op.op.report.gpa + 0x50;
	REQUIRE_EQ(ask_send(&a), SVSM_SUCCESS);
	CHECK(ask_data_is(&a, nonce, sizeof(nonce)));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where a request may lie: anywhere in the guest's own validated memory, at any alignment, but
 * neither in a VMSA nor in a calling area. 58019, 5 (INVALID_ADDRESS) and 8; the alignment and the
 * second page are what EDK II's driver needs (docs/vtpm.md).
 */
#include "bare/vtpm/common.h"
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define R 6

static struct tpm_message get_random;

/* GetRandom(8) at that address: RAX; on success the response must be there. */
static uint64_t ask_at(uint64_t at)
{
	const struct vtpm_response *r = (const struct vtpm_response *)at;
	uint64_t rax;

	tpm_build(&get_random, "0000017b 0008");
	do {
		vtpm_request((uint8_t *)at, VTPM_CMD_SEND_COMMAND, 0, get_random.len,
			     get_random.data, get_random.len);
		rax = vtpm_call(at);
	} while (rax == SVSM_SUCCESS && r->len == sizeof(struct tpm_header));
	if (rax == SVSM_SUCCESS)
		CHECK_EQ(r->len, 20);
	return rax;
}

TEST(bad_pages, "pages-bad", "requests that are not in the guest's memory are refused",
     "svsm:5:fault keelson:duties")
{
	vtpm_fresh();
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		test_case("%s", a->name);
		CHECK_ANSWER(vtpm_call(a->gpa), SVSM_ERR_INVALID_ADDRESS,
			     a->svsm ? SVSM_ERR_INVALID_PARAMETER : SVSM_ERR_INVALID_ADDRESS);
		/* whether a request may lie at any address is not specified */
		CHECK_ANSWER(vtpm_call(a->gpa + 0x123), SVSM_ERR_INVALID_ADDRESS,
			     SVSM_ERR_INVALID_PARAMETER);
	}
	test_case("the last bytes there are");
	CHECK_ANSWER(vtpm_call(~0ull), SVSM_ERR_INVALID_ADDRESS, SVSM_ERR_INVALID_PARAMETER);
	CHECK_ANSWER(vtpm_call(~0ull - 8), SVSM_ERR_INVALID_ADDRESS, SVSM_ERR_INVALID_PARAMETER);
	test_case("not validated");
	CHECK_EQ(vtpm_call(calls_unvalidated()), SVSM_ERR_INVALID_ADDRESS);
	if (test_case_asked("keelson:duties", "own calling area"))
		CHECK_EQ(vtpm_call((uint64_t)percpu()->caa), SVSM_ERR_INVALID_ADDRESS);
	still_works();
}

TEST(duties, "pages-duties", "neither VMSAs nor calling areas, whoever's, carry a request",
     "keelson:duties")
{
	vtpm_fresh();
	smp_start();
	test_case("a VMSA");
	CHECK_EQ(vtpm_call(smp_vmsa()), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(vtpm_call(smp_vmsa() + 0x308), SVSM_ERR_INVALID_ADDRESS);
	test_case("another's calling area");
	CHECK_EQ(vtpm_call(smp_caa()), SVSM_ERR_INVALID_ADDRESS);
	still_works();
}

TEST(aligned, "pages-alignment", "any alignment, across two pages too, the rest stays as it was",
     "svsm:8:address")
{
	static const uint32_t offsets[] = {1,     3,     8,     0x7f1, 0xfe0,
					   0xff0, 0xff7, 0xff8, 0xffb, 0xfff};

	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(offsets); i++) {
		uint8_t *page = (uint8_t *)MEM_PAGE(R, 1);
		uint32_t from = offsets[i], to = from + 4 + 20;
		unsigned touched = 0;

		test_case("offset 0x%x", from);
		memset(page, 0x5a, 2 * PAGE_SIZE);
		CHECK_EQ(ask_at((uint64_t)page + from), SVSM_SUCCESS);
		for (uint32_t k = 0; k < 2 * PAGE_SIZE; k++)
			touched += (k < from || k >= to) && page[k] != 0x5a;
		CHECK_EQ(touched, 0);
	}
	CHECK(calls_region_intact(R));
}

/* The first page is good and the second is not: the request is refused. */
TEST(second_page, "pages-second", "a request that runs into a page which is not the guest's",
     "svsm:5:fault")
{
	uint64_t page = MEM_PAGE(R, 1);

	vtpm_fresh();
	REQUIRE(vmpl_page_validate(page + PAGE_SIZE, false));
	test_case("the head crosses");
	CHECK_ANSWER(vtpm_call(page + PAGE_SIZE - 4), SVSM_ERR_INVALID_ADDRESS,
		     SVSM_ERR_INVALID_PARAMETER);
	test_case("the command crosses");
	tpm_build(&get_random, "0000017b 0008");
	vtpm_request((uint8_t *)page + PAGE_SIZE - 64, VTPM_CMD_SEND_COMMAND, 0, 100,
		     get_random.data, get_random.len);
	CHECK_ANSWER(vtpm_call(page + PAGE_SIZE - 64), SVSM_ERR_INVALID_ADDRESS,
		     SVSM_ERR_INVALID_PARAMETER);
	REQUIRE(vmpl_page_validate(page + PAGE_SIZE, true));
	CHECK(calls_region_intact(R));
	still_works();
}

/* A response that cannot be written is kept: the same command, sent from another page, gets it. */
TEST(response_page, "pages-response", "a response that cannot be written is not lost",
     "keelson:vtpm:response-kept")
{
	uint64_t page = MEM_PAGE(R, 1), at = page + PAGE_SIZE - 24;
	struct digest before;

	vtpm_fresh();
	REQUIRE_EQ(pcr_extend(0, 16), 0);
	before = pcr_read(16);
	tpm_build(&get_random, "0000017b 0020"); /* 21 bytes of request, 48 of response */
	REQUIRE(vmpl_page_validate(page + PAGE_SIZE, false));
	vtpm_request((uint8_t *)at, VTPM_CMD_SEND_COMMAND, 0, get_random.len, get_random.data,
		     get_random.len);
	CHECK_EQ(vtpm_call(at), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(vtpm_send(0, &get_random, tpm_response()), 0);
	CHECK_EQ(tpm_response()->len, 44);
	REQUIRE(vmpl_page_validate(page + PAGE_SIZE, true));
	CHECK(digest_same(before, pcr_read(16)));
	CHECK(calls_region_intact(R));
}

TEST(shared_page, "pages-shared", "a shared page is refused, whoever made it shared",
     "svsm:5:fault")
{
	for (unsigned behind = 0; behind < 2; behind++) {
		static unsigned used;
		uint64_t page = MEM_PAGE(R, 256 + used++);

		test_case("%s", behind ? "shared behind the SVSM's back" : "rescinded and shared");
		if (behind)
			REQUIRE_EQ(ghcb_msr_psc(page, GHCB_PSC_SHARED), 0);
		else
			REQUIRE(vmpl_page_shared(page));
		CHECK_EQ(vtpm_call(page), SVSM_ERR_INVALID_ADDRESS);
		still_works();
	}
}

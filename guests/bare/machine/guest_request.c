/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * SNP Guest Request and its extended form: GHCB specification (56421). What the hypervisor has to
 * say stands in SW_EXITINFO2[63:32], the firmware's status below. A guest without cryptography gets
 * as far as the firmware's first two checks: SEV-SNP firmware ABI (56860), 8.26.
 */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/test.h"
#include "abi/guest_message.h"
#include "abi/machine.h"
#include "lib/string.h"

#define R         4
#define MALFORMED 2
#define REQUEST   MEM_PAGE(R, 0)
#define RESPONSE  MEM_PAGE(R, 1)
#define PRIVATE   MEM_PAGE(R, 2)
#define BUFFER    MEM_PAGE(R, 4) /* four pages for certificates */
#define TABLE     4
#define FILLER    0x5c

struct request_case {
	const char *name;
	uint64_t request, response;
};

static bool share_pages(void)
{
	static const uint8_t shared[] = {0, 1, 4, 5, 6, 7};

	if (!region_reset(R))
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
		if (ghcb_msr_psc(MEM_PAGE(R, shared[i]), GHCB_PSC_SHARED))
			return false;
	return true;
}

/* A report's request in good form, which nobody has sealed. */
static void make_request(void)
{
	struct guest_message *m = paging_shared(REQUEST);

	memset(m, 0, sizeof(*m));
	m->algo = GUEST_MESSAGE_ALGO_GCM;
	m->hdr_version = GUEST_MESSAGE_HDR_VERSION;
	m->hdr_size = GUEST_MESSAGE_HDR_SIZE;
	m->type = GUEST_MESSAGE_REPORT_REQ;
	m->version = GUEST_MESSAGE_VERSION;
	m->size = sizeof(struct report_request);
	m->seqno = 1;
	memset(paging_shared(RESPONSE), FILLER, PAGE_SIZE);
}

static bool response_untouched(void)
{
	const uint8_t *p = paging_shared(RESPONSE);

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		if (p[i] != FILLER)
			return false;
	return true;
}

/* SW_EXITINFO2 of a request that the hypervisor takes. */
static uint64_t ask(void)
{
	struct ghcb *g = ghcb_begin();

	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_GUEST_REQ, REQUEST, RESPONSE), 0);
	return g->exit_info2;
}

/* A run that can be repeated has no security processor. The machine says so where a request cannot
 * be blamed for it; without that word, what fails has failed. */
static void need_processor(void)
{
	uint32_t r[4];

	REQUIRE(ghcb_cpuid(MACHINE_FEATURES_LEAF, 0, r));
	if (!(r[0] & MACHINE_HAS_PSP))
		test_skip("this run has no security processor");
}

TEST(nae_guest_request, "nae-guest-request",
     "a guest request takes two shared pages, and answers with the firmware's status",
     "ghcb:nae:guest-request")
{
	static const struct request_case bad[] = {
		{"request is private", PRIVATE, RESPONSE},
		{"response is private", REQUEST, PRIVATE},
		{"request is unaligned", REQUEST + 8, RESPONSE},
		{"response is unaligned", REQUEST, RESPONSE + 8},
		{"the same page twice", REQUEST, REQUEST},
		{"no RAM", MEM_NOT_RAM, RESPONSE},
	};
	struct guest_message *m = paging_shared(REQUEST);
	struct ghcb *g;

	REQUIRE(share_pages());
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		test_case("%s", bad[i].name);
		g = ghcb_begin();
		CHECK_EQ(ghcb_exit(g, GHCB_EXIT_GUEST_REQ, bad[i].request, bad[i].response),
			 MALFORMED);
		CHECK_EQ(g->exit_info2, GHCB_ERR_INVALID_INPUT);
	}
	need_processor();
	test_case("nobody has sealed it");
	make_request();
	CHECK_EQ(ask(), SNP_STATUS_BAD_MEASUREMENT);
	CHECK(response_untouched());
	test_case("no message");
	m->hdr_version = 0;
	CHECK_EQ(ask(), SNP_STATUS_INVALID_PARAM);
	CHECK(response_untouched());
	CHECK(region_reset(R));
}

/* RAX and RBX are given unless they are not to be. */
static uint32_t ask_extended(struct ghcb *g, uint64_t buffer, uint64_t pages)
{
	GHCB_SET(g, rax, buffer);
	GHCB_SET(g, rbx, pages);
	return ghcb_exit(g, GHCB_EXIT_EXT_GUEST_REQ, REQUEST, RESPONSE);
}

static void check_bad_buffer(const char *name, uint64_t buffer)
{
	struct ghcb *g;

	test_case("%s", name);
	make_request();
	g = ghcb_begin();
	CHECK_EQ(ask_extended(g, buffer, TABLE), MALFORMED);
	CHECK_EQ(g->exit_info2, GHCB_ERR_INVALID_INPUT);
	CHECK(response_untouched());
}

/* How many pages it takes stands in RBX. */
static void check_too_small(void)
{
	struct ghcb *g;

	test_case("no room for certificates");
	make_request();
	g = ghcb_begin();
	CHECK_EQ(ask_extended(g, BUFFER, 0), 0);
	CHECK_EQ(g->exit_info2, VMM_ERROR_INVALID_LEN);
	CHECK(GHCB_VALID(g, rbx));
	CHECK_GE(g->rbx, 1);
	CHECK_LE(g->rbx, TABLE);
}

/* The host has the certificates, whatever the firmware thinks of the message. The first one is the
 * VCEK's: 63da758d-e664-4564-adc5-f4b93be8accd. */
static void check_table(void)
{
	static const uint8_t vcek[] = {0x63, 0xda, 0x75, 0x8d};
	const struct certificate_entry *e = paging_shared(BUFFER);
	struct ghcb *g;

	test_case("certificates");
	make_request();
	memset(paging_shared(BUFFER), FILLER, PAGE_SIZE);
	g = ghcb_begin();
	CHECK_EQ(ask_extended(g, BUFFER, TABLE), 0);
	CHECK_EQ(g->exit_info2, SNP_STATUS_BAD_MEASUREMENT);
	CHECK_EQ(memcmp(e->guid, vcek, sizeof(vcek)), 0);
	CHECK_GE(e->offset, sizeof(*e));
	CHECK_LE(e->offset + e->size, TABLE * PAGE_SIZE);
	test_case("of a message that is no report's there are none");
	((struct guest_message *)paging_shared(REQUEST))->type = GUEST_MESSAGE_KEY_REQ;
	memset(paging_shared(BUFFER), FILLER, PAGE_SIZE);
	CHECK_EQ(ask_extended(ghcb_begin(), BUFFER, TABLE), 0);
	CHECK_EQ(e->guid[0], FILLER);
}

TEST(nae_ext_guest_request, "nae-ext-guest-request",
     "an extended guest request brings certificates where there is room for them",
     "ghcb:nae:ext-guest-request")
{
	struct ghcb *g;

	REQUIRE(share_pages());
	test_case("RAX and RBX are not given");
	make_request();
	g = ghcb_begin();
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_EXT_GUEST_REQ, REQUEST, RESPONSE), MALFORMED);
	CHECK_EQ(g->exit_info2, GHCB_ERR_MISSING_INPUT);
	need_processor();
	check_bad_buffer("the buffer is unaligned", BUFFER + 8);
	check_bad_buffer("the buffer is private", PRIVATE);
	check_bad_buffer("the buffer's end is private", BUFFER + PAGE_SIZE);
	check_bad_buffer("the buffer is no RAM", MEM_NOT_RAM);
	check_too_small();
	check_table();
	CHECK(region_reset(R));
}

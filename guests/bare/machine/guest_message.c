/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Messages to the security processor that Linux has no way for in user space: CPUID and TSC_INFO,
 * with a key of VMPL0. SEV-SNP firmware ABI (56860), chapter 7 and 8.26.
 */
#include "abi/cpuid_page.h"
#include "abi/guest_message.h"
#include "abi/machine.h"
#include "abi/secrets.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "bare/machine/gcm.h"
#include "bare/machine/region.h"
#include "lib/string.h"

#define R        4
#define REQUEST  MEM_PAGE(R, 0)
#define RESPONSE MEM_PAGE(R, 1)
#define KEY      1 /* VMPCK1: nobody else uses it here */

static uint64_t count; /* messages of that key so far */
static struct guest_message answer;

static bool begin(void)
{
	uint32_t r[4];

	if (ghcb_cpuid(MACHINE_FEATURES_LEAF, 0, r) && !(r[0] & MACHINE_HAS_PSP))
		test_skip("this run has no security processor");
	return vmpl_secrets() && region_reset(R) && !ghcb_msr_psc(REQUEST, GHCB_PSC_SHARED) &&
	       !ghcb_msr_psc(RESPONSE, GHCB_PSC_SHARED);
}

static void make(uint8_t type, const void *payload, uint16_t size)
{
	struct guest_message *m = paging_shared(REQUEST);

	memset(m, 0, sizeof(*m));
	m->seqno = count + 1;
	m->algo = GUEST_MESSAGE_ALGO_GCM;
	m->hdr_version = GUEST_MESSAGE_HDR_VERSION;
	m->hdr_size = GUEST_MESSAGE_HDR_SIZE;
	m->type = type;
	m->version = GUEST_MESSAGE_VERSION;
	m->size = size;
	m->vmpck = KEY;
	memcpy(m->payload, payload, size);
	gcm_seal(m, vmpl_secrets()->vmpck[KEY]);
}

static uint64_t send(void)
{
	struct ghcb *g = ghcb_begin();

	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_GUEST_REQ, REQUEST, RESPONSE), 0);
	return g->exit_info2;
}

/* The answer's payload in `answer`, with that status in it. */
static void check_answered(uint8_t type, const void *payload, uint16_t size, uint32_t status)
{
	make(type, payload, size);
	CHECK_EQ(send(), 0);
	count += 2;
	memcpy(&answer, paging_shared(RESPONSE), sizeof(answer));
	CHECK_EQ(answer.type, type + 1);
	CHECK_EQ(answer.seqno, count);
	CHECK(gcm_open(&answer, vmpl_secrets()->vmpck[KEY]));
	CHECK_EQ(*(uint32_t *)answer.payload, status);
}

TEST(psp_cpuid, "psp-cpuid", "the security processor corrects what a hypervisor says of CPUID",
     "snp:7:cpuid")
{
	static struct {
		struct cpuid_message m;
		struct snp_cpuid_fn fn[3];
	} PACKED ask;
	const struct snp_cpuid_fn *got = (const void *)(answer.payload + sizeof(ask.m));
	uint32_t r[4];

	REQUIRE(begin());
	ask.m.status = ARRAY_LEN(ask.fn);
	ask.fn[0] = (struct snp_cpuid_fn){.eax_in = 1, .eax = 1, .ebx = 2, .ecx = 3, .edx = 4};
	ask.fn[1] = (struct snp_cpuid_fn){.eax_in = 0x40000000, .eax = 5, .edx = 6};
	ask.fn[2] = (struct snp_cpuid_fn){.eax_in = 0x8000fffe, .eax = 7};
	check_answered(GUEST_MESSAGE_CPUID_REQ, &ask, sizeof(ask), 0);
	REQUIRE(ghcb_cpuid(1, 0, r));
	CHECK_EQ(got[0].eax, r[0]);
	CHECK_EQ(got[0].edx, r[3]);
	CHECK_EQ(got[1].eax, 5);
	CHECK_EQ(got[1].edx, 6);
	CHECK_EQ(got[2].eax, 0);
	test_case("a function is missing");
	check_answered(GUEST_MESSAGE_CPUID_REQ, &ask, sizeof(ask) - sizeof(ask.fn[0]),
		       SNP_STATUS_INVALID_PARAM);
	CHECK(region_reset(R));
}

TEST(psp_tsc_info, "psp-tsc-info", "the security processor tells the counter of a SecureTSC",
     "snp:7:tsc-info")
{
	static uint8_t ask[TSC_INFO_REQUEST];
	const struct tsc_info_response *got = (const void *)answer.payload;

	REQUIRE(begin());
	check_answered(GUEST_MESSAGE_TSC_INFO_REQ, ask, sizeof(ask), 0);
	CHECK_EQ(got->scale | got->offset | got->factor, 0); /* this suite's VMSAs are without */
	test_case("the same bytes again");
	CHECK_EQ(send(), SNP_STATUS_AEAD_OFLOW);
	test_case("a byte that is not zero");
	ask[5] = 1;
	check_answered(GUEST_MESSAGE_TSC_INFO_REQ, ask, sizeof(ask), SNP_STATUS_INVALID_PARAM);
	ask[5] = 0;
	CHECK(region_reset(R));
}

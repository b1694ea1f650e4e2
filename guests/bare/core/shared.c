/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Calls that name a shared page (58019, 5: an address that faults is INVALID_ADDRESS). A guest
 * should rescind a page before it has it made shared. Without that the SVSM takes the page for
 * validated memory and touches it: the hypervisor makes it private, the SVSM gets a #VC, and the
 * call fails. Such a page is lost to the guest, so every case takes a page of its own.
 */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define R 14

static unsigned used;
static struct svsm_pvalidate_list *list;

struct kind {
	const char *name;
	bool behind; /* shared without a rescission */
};
static const struct kind kinds[] = {{"rescinded and shared", false}, {"shared behind", true}};

static uint64_t take(const struct kind *k)
{
	uint64_t page = MEM_PAGE(R, ++used);

	REQUIRE(used < 500);
	if (k->behind)
		REQUIRE_EQ(ghcb_msr_psc(page, GHCB_PSC_SHARED), 0);
	else
		REQUIRE(vmpl_page_shared(page));
	return page;
}

static uint64_t fresh(void)
{
	return MEM_PAGE(R, ++used);
}

static void still_served(void)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ(c.rcx, 1ull << 32 | 1);
}

static uint64_t listed(uint64_t call, uint64_t entry)
{
	list = (struct svsm_pvalidate_list *)MEM_PAGE(R, 0);
	memset(list, 0, PAGE_SIZE);
	list->count = 1;
	list->entry[0] = entry;
	return svsm(call, (uint64_t)list, 0, 0, 0);
}

TEST(shared_lists, "shared-lists", "a list in a shared page is refused, whoever made it shared",
     "svsm:5:fault")
{
	static const uint64_t calls[] = {CORE(PVALIDATE), CORE(DEPOSIT_MEM), CORE(WITHDRAW_MEM)};

	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
			test_case("call %u, %s", (unsigned)calls[i], kinds[k].name);
			CHECK_EQ(svsm(calls[i], take(&kinds[k]), 0, 0, 0),
				 SVSM_ERR_INVALID_ADDRESS);
			still_served();
		}
	}
}

/*
 * The state map says validated or not; the page itself says otherwise at the first touch, by
 * RMPADJUST here, and an address that faults is INVALID_ADDRESS (58019, 5). To validate what the
 * map has as validated is no change, whatever the host has done to the page: else it could have the
 * SVSM accept another page in its place.
 */
TEST(shared_entries, "shared-entries", "a shared page as the entry of a list: an error, no more",
     "svsm:5:fault keelson:validated-once")
{
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		test_case("deposit, %s", kinds[k].name);
		CHECK_EQ(listed(CORE(DEPOSIT_MEM), take(&kinds[k])), SVSM_ERR_INVALID_ADDRESS);
		still_served();
	}
	test_case("rescind, rescinded and shared");
	CHECK_ANSWER(listed(CORE(PVALIDATE), SVSM_ENTRY(take(&kinds[0]), RMP_PG_4K, false)),
		     SVSM_ERR_PVALIDATE_NO_CHANGE, SVSM_ERR_INVALID_ADDRESS);
	still_served();
	test_case("rescind, shared behind");
	CHECK_EQ(listed(CORE(PVALIDATE), SVSM_ENTRY(take(&kinds[1]), RMP_PG_4K, false)),
		 SVSM_ERR_INVALID_ADDRESS);
	still_served();
	if (!test_case_asked("keelson:validated-once", "validate, shared behind"))
		return;
	CHECK_EQ(listed(CORE(PVALIDATE), SVSM_ENTRY(take(&kinds[1]), RMP_PG_4K, true)),
		 SVSM_ERR_PVALIDATE_NO_CHANGE);
	still_served();
}

/* The hypervisor makes a shared page private when PVALIDATE touches it, as KVM does. */
TEST(shared_validate, "shared-validate", "a rescinded, shared page can be validated at once",
     "keelson:convert")
{
	uint64_t page = take(&kinds[0]);

	CHECK_EQ(listed(CORE(PVALIDATE), SVSM_ENTRY(page, RMP_PG_4K, true)), SVSM_SUCCESS);
	*(volatile uint64_t *)page = 1;
	CHECK_EQ(*(volatile uint64_t *)page, 1);
	still_served();
}

TEST(shared_remap, "shared-remap-ca", "REMAP_CA to a shared page is refused",
     "svsm:5:fault svsm:6.1:address")
{
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		test_case("%s", kinds[k].name);
		CHECK_EQ(svsm(CORE(REMAP_CA), take(&kinds[k]), 0, 0, 0), SVSM_ERR_INVALID_ADDRESS);
		still_served();
	}
}

static void nothing(void *arg)
{
	(void)arg;
}

static void fill(uint64_t vmsa)
{
	smp_fill_vmsa((struct vmsa *)vmsa, 1, (uint8_t)vmpl_own, nothing, NULL, MEM_PAGE(R, 1));
}

TEST(shared_vcpu, "shared-vcpu", "VMSA and calling area of CREATE_VCPU, VMSA of DELETE_VCPU",
     "svsm:5:fault svsm:6.3:address")
{
	uint64_t vmsa;

	if (!smp_available())
		test_skip("needs two vCPUs");
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		test_case("VMSA %s", kinds[k].name);
		CHECK_EQ(svsm(CORE(CREATE_VCPU), take(&kinds[k]), fresh(), smp_apic_id(), 0),
			 SVSM_ERR_INVALID_ADDRESS);
		still_served();
		test_case("calling area %s", kinds[k].name);
		vmsa = fresh();
		fill(vmsa);
		CHECK_EQ(svsm(CORE(CREATE_VCPU), vmsa, take(&kinds[k]), smp_apic_id(), 0),
			 SVSM_ERR_INVALID_ADDRESS);
		still_served();
	}
	test_case("a VMSA shared after its creation");
	vmsa = fresh();
	fill(vmsa);
	REQUIRE_EQ(svsm(CORE(CREATE_VCPU), vmsa, fresh(), smp_apic_id(), 0), SVSM_SUCCESS);
	CHECK_EQ(ghcb_msr_psc(vmsa, GHCB_PSC_SHARED), 0);
	CHECK_EQ(svsm(CORE(DELETE_VCPU), vmsa, 0, 0, 0), SVSM_ERR_INVALID_ADDRESS); /* it faults */
	still_served();
}

static void read_private(void *page)
{
	(void)*(volatile uint64_t *)paging_private((uint64_t)page);
}

static void execute(void *page)
{
	((void (*)(void))paging_shared((uint64_t)page))();
}

/* Fetches are private whatever the C-bit says (APM vol. 2, 15.34.5). */
TEST(shared_touched, "shared-touched",
     "the guest's own private read of a shared page, and a fetch: #VC, page not validated",
     "apm:15.34.5:fetch apm:15.36.10:validated")
{
	static void (*const touch[])(void *) = {read_private, execute};

	for (unsigned i = 0; i < ARRAY_LEN(touch); i++) {
		uint64_t page = take(&kinds[0]);
		struct fault f;

		test_case("%s", i ? "fetch" : "read");
		*(volatile uint8_t *)paging_shared(page) = 0xc3;
		CHECK_EQ(fault_call(&f, touch[i], (void *)page), VEC_VC);
		CHECK_EQ(f.error, VC_PAGE_NOT_VALIDATED);
		CHECK(vmpl_page_validate(page, true)); /* private already */
		CHECK_EQ(*(volatile uint64_t *)page, 0);
	}
}

/* A page that becomes shared does not show what it held as encrypted, private memory. */
TEST(shared_contents, "shared-contents", "a page that becomes shared shows nothing of before",
     "apm:15.34.5:ciphertext")
{
	const uint64_t secret = 0x5ec2e75ec2e75ec2;

	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		volatile uint64_t *before = (volatile uint64_t *)MEM_PAGE(R, used + 1);
		volatile uint64_t *shared = paging_shared((uint64_t)before);

		test_case("%s", kinds[k].name);
		before[0] = before[511] = secret;
		take(&kinds[k]);
		CHECK_NE(shared[0], secret);
		CHECK_NE(shared[511], secret);
	}
}

static uint64_t lost_caa;
static volatile uint64_t remapped, answer;

/* vCPU 1 sets call_pending in its calling area, has that page made shared, and calls. */
static void call_from_lost_area(void *arg)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

	(void)arg;
	remapped = svsm(CORE(REMAP_CA), lost_caa, 0, 0, 0);
	if (remapped != SVSM_SUCCESS)
		return;
	percpu()->caa = (struct svsm_caa *)lost_caa;
	percpu()->caa->call_pending = 1;
	if (ghcb_msr_psc(lost_caa, GHCB_PSC_SHARED) != 0)
		return;
	percpu()->caa = (struct svsm_caa *)MEM_PAGE(R, 0); /* for the SVSM it is lost_caa still */
	answer = svsm_call(&c);
}

TEST(shared_own_area, "shared-own-ca", "a vCPU whose calling area became shared is not served",
     "svsm:5:fault")
{
	lost_caa = fresh();
	remapped = answer = ~0ull;
	smp_start();
	smp_run(call_from_lost_area, NULL);
	REQUIRE(smp_wait(20));
	CHECK_EQ(remapped, SVSM_SUCCESS);
	CHECK_EQ(answer, CORE(QUERY_PROTOCOL)); /* RAX as it was */
	still_served();
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The core protocol's calls that concern memory (58019, 5 and 6), from the guest's side: calls go
 * in through VMSA and calling area, as a vCPU's do (fake.h).
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c svsm/mm/pagestate.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c svsm/protocols/dispatch.c svsm/protocols/buffer.c
 * sources: svsm/protocols/core.c svsm/protocols/mem_available.c svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c
 */
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"

TEST(query_protocol)
{
	struct vmsa *v = fake_mem(VMSA(0));

	fake_setup();
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 1ull << 32 | 1);
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 2, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 0);
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 77ull << 32 | 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 0);
}

/* 58019, 6.8 and table 9 */
TEST(configure_vtom)
{
	const struct vmsa *v = fake_mem(VMSA(0));

	fake_setup();
	CHECK_EQ(fake_call(0, SVSM_CORE_CONFIGURE_VTOM, 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 0);
	for (unsigned bit = 1; bit < 64; bit++) {
		uint64_t configure = BIT(bit);
		bool reserved = bit >= 5 && bit <= 11;

		check_context("bit %u", bit);
		CHECK_EQ(fake_call(0, SVSM_CORE_CONFIGURE_VTOM, 1 | BIT(bit), 0, 0),
			 SVSM_ERR_INVALID_PARAMETER);
		CHECK_EQ(v->rcx, 1 | BIT(bit));
		CHECK_EQ(fake_call(0, SVSM_CORE_CONFIGURE_VTOM, configure, 0, 0),
			 reserved ? SVSM_ERR_INVALID_PARAMETER : SVSM_ERR_INVALID_REQUEST);
		CHECK_EQ(v->rcx, configure);
	}
	CHECK_EQ(fake_call(0, SVSM_CORE_CONFIGURE_VTOM, 0, 0, 0), SVSM_ERR_INVALID_REQUEST);
}

TEST(pvalidate_single_pages)
{
	uint64_t page = AT(512), other = AT(600);

	fake_setup();
	CHECK_EQ(fake_pvalidate(0, page | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_list_next(0), 1);
	CHECK_EQ(*(uint64_t *)fake_mem(page), 0); /* cleared: 6.2 */
	CHECK_EQ(fake_pvalidate(0, page | OP_VALIDATE), SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(fake_list_next(0), 0);
	memset(fake_mem(page), 0x11, 8);
	CHECK_EQ(fake_pvalidate(0, page | OP_VALIDATE | SVSM_PVALIDATE_IGNORE_CF), SVSM_SUCCESS);
	CHECK_EQ(*(uint64_t *)fake_mem(page), 0x1111111111111111ull);
	CHECK_EQ(fake_pvalidate(0, other | OP_RESCIND), SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(fake_pvalidate(0, page | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, page | OP_RESCIND | SVSM_PVALIDATE_IGNORE_CF), SVSM_SUCCESS);
	fake_check_agreement();
}

TEST(pvalidate_2m)
{
	uint64_t r = AT(1024);

	fake_setup();
	CHECK_EQ(fake_pvalidate(0, r | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, r | OP_2M | OP_VALIDATE), SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(fake_pvalidate(0, (r + PAGE_SIZE) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, r | OP_2M | OP_RESCIND), SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	CHECK_EQ(fake_pvalidate(0, r | OP_2M | OP_VALIDATE), SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	CHECK_EQ(fake_pvalidate(0, (r + PAGE_SIZE) | OP_VALIDATE), SVSM_SUCCESS);
	/* all valid again, but the hardware has 4K entries now */
	CHECK_EQ(fake_pvalidate(0, r | OP_2M | OP_RESCIND), SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	CHECK_EQ(fake_pvalidate(0, AT(0) | OP_2M | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	fake_check_agreement();
}

TEST(pvalidate_refuses_bad_entries)
{
	const struct {
		uint64_t entry, rax;
	} t[] = {
		{AT(600) | 2, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | 3, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | 0x10, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | 0x800, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | OP_2M, SVSM_ERR_INVALID_PARAMETER},
		{BASE | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{BASE | OP_RESCIND | SVSM_PVALIDATE_IGNORE_CF, SVSM_ERR_INVALID_ADDRESS},
		{BASE | OP_2M, SVSM_ERR_INVALID_ADDRESS},
		{(BASE - PAGE_SIZE) | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{(BASE + PAGES * PAGE_SIZE) | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{~0xfffull | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{~0x1fffffull | OP_VALIDATE | OP_2M, SVSM_ERR_INVALID_ADDRESS},
		{0xfee00000 | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{VMSA(0) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
		{VMSA(1) | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{CAA(0) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
		{CAA(1) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
		{LIST(0) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		uint64_t list[] = {AT(520) | OP_VALIDATE, t[i].entry, AT(521) | OP_VALIDATE};

		fake_setup();
		fake_hardware_calls = 0;
		check_context("entry %#lx", (unsigned long)t[i].entry);
		CHECK_EQ(fake_list(0, SVSM_CORE_PVALIDATE, list, 3), t[i].rax);
		CHECK_EQ(fake_list_next(0), 1);
		CHECK_EQ(fake_hardware_calls, 3); /* of the first entry only */
	}
	fake_check_agreement();
}

TEST(pvalidate_checks_the_list)
{
	struct svsm_pvalidate_list *l;

	fake_setup();
	l = fake_mem(LIST(0));
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0) + 4, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, BASE, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, VMSA(0), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, AT(600), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, ~7ull, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	l->count = 0;
	l->next = 0;
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l->count = 512;
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l->count = l->next = 3;
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l = fake_mem(LIST(0) + 0xff0);
	*(uint64_t *)fake_mem(LIST(0) + 0xff8) = AT(600) | OP_VALIDATE;
	l->count = 1;
	l->next = 0;
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0) + 0xff0, 0, 0), SVSM_SUCCESS);
	l->count = 2;
	l->next = 0;
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0) + 0xff0, 0, 0),
		 SVSM_ERR_INVALID_PARAMETER);
	l = fake_mem(LIST(0) + 0xff8);
	l->count = 1;
	CHECK_EQ(fake_call(0, SVSM_CORE_PVALIDATE, LIST(0) + 0xff8, 0, 0),
		 SVSM_ERR_INVALID_PARAMETER);
}

TEST(a_long_list_comes_back_incomplete_and_goes_on)
{
	static uint64_t list[510];
	unsigned calls = 1;
	uint64_t rax;

	fake_setup();
	for (unsigned i = 0; i < 510; i++)
		list[i] = AT(512 + i) | OP_VALIDATE;
	for (rax = fake_list(0, SVSM_CORE_PVALIDATE, list, 510); rax == SVSM_ERR_INCOMPLETE;
	     calls++)
		rax = fake_call(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0);
	CHECK_EQ(rax, SVSM_SUCCESS);
	CHECK_EQ(fake_list_next(0), 510);
	CHECK(calls > 1 && calls < 10);
	fake_check_agreement();
}

/* 58019, 6.2; that no VMPL has rights when PVALIDATE comes is fake.c's to check. */
TEST(rights_go_before_and_come_back_for_the_caller_and_above)
{
	struct fake_rmp *e = fake_entry(gpa(AT(9))), *big = fake_entry(gpa(AT(1024 + 77)));

	fake_setup();
	e->perms[3] = RMP_R | RMP_W; /* the guest's own RMPADJUST */
	CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND), SVSM_SUCCESS);
	CHECK(!e->perms[1] && !e->perms[2] && !e->perms[3]);
	CHECK_EQ(fake_pvalidate(0, AT(9) | OP_VALIDATE), SVSM_SUCCESS);
	CHECK(e->perms[1] == RMP_RWX && e->perms[2] == RMP_RWX && !e->perms[3]);
	CHECK_EQ(fake_pvalidate(0, AT(1024) | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	CHECK(big->perms[1] == RMP_RWX && big->perms[2] == RMP_RWX && !big->perms[3]);
	CHECK_EQ(fake_pvalidate(0, AT(1024) | OP_2M | OP_RESCIND), SVSM_SUCCESS);
	CHECK(!big->perms[1] && !big->perms[2] && !big->perms[3]);
	fake_check_agreement();
}

/*
 * The launch gives VMPL1 no rights, and nobody but the SVSM can (APM vol. 2, 15.36.7): from its
 * pages the rights of two VMPLs are taken, from one that a call has validated those of three.
 */
TEST(rights_that_nobody_was_given_are_not_taken)
{
	fake_setup();
	fake_hardware_calls = 0;
	CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(fake_hardware_calls, 2 + 1);
	CHECK_EQ(fake_pvalidate(0, AT(9) | OP_VALIDATE), SVSM_SUCCESS);
	fake_hardware_calls = 0;
	CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(fake_hardware_calls, 3 + 1);
	CHECK_EQ(fake_pvalidate(0, AT(1024) | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, AT(1024 + 77) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, AT(1024 + 77) | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, AT(1024 + 77) | OP_RESCIND), SVSM_SUCCESS);
	fake_check_agreement();
}

TEST(a_validation_that_fails_half_way_is_undone)
{
	for (int n = 1; n <= 3; n++) {
		check_context("step %d", n);
		fake_setup();
		fake_fail_validate = n == 1;
		fake_fail_adjust = n - 1; /* of two */
		CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE),
			 SVSM_ERR_PROTOCOL_BASE + SNP_FAIL_PERMISSION);
		CHECK_EQ(fake_state(600 + PFNS_2M), PAGE_INVALID);
		fake_check_agreement();
		CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE), SVSM_SUCCESS);
	}
}

TEST(a_rescission_that_fails_half_way_is_undone)
{
	for (int n = 1; n <= 3; n++) {
		check_context("step %d", n);
		fake_setup();
		fake_fail_adjust = n % 3; /* of two: VMPL1 has none */
		fake_fail_validate = n == 3;
		CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND),
			 SVSM_ERR_PROTOCOL_BASE + SNP_FAIL_PERMISSION);
		CHECK_EQ(fake_state(9 + PFNS_2M), PAGE_VALID);
		fake_check_agreement();
		fake_fail_adjust = 0;
		CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND), SVSM_SUCCESS);
	}
}

/* The first refusal changes nothing; after a later one the rights cannot be given back. */
TEST(what_cannot_be_undone_is_out_of_use)
{
	for (int n = 1; n <= 2; n++) {
		check_context("RMPADJUST %d fails, and all after it", n);
		fake_setup();
		fake_fail_on = true;
		fake_fail_adjust = n;
		CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND),
			 SVSM_ERR_PROTOCOL_BASE + SNP_FAIL_PERMISSION);
		CHECK_EQ(fake_state(9 + PFNS_2M), n == 1 ? PAGE_VALID : PAGE_BROKEN);
		fake_fail_adjust = 0;
		CHECK_EQ(fake_pvalidate(0, AT(9) | OP_RESCIND),
			 n == 1 ? SVSM_SUCCESS : SVSM_ERR_INVALID_ADDRESS);
		fake_check_agreement();
	}
}

/* 58019, 6.2: 0x80001000 + EAX for 0..0xf, 0x80001011 beyond, 0x80001010 for CF. */
TEST(what_the_instruction_answers_reaches_the_guest)
{
	for (unsigned eax = 1; eax <= PLATFORM_UNEXPECTED; eax++) {
		check_context("EAX %u", eax);
		fake_setup();
		fake_fail_with = (enum platform_result)eax;
		fake_fail_validate = 1;
		CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE), 0x80001000u + eax);
		CHECK_EQ(fake_list_next(0), 0);
		fake_fail_adjust = 1;
		CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE), 0x80001000u + eax);
		fake_check_agreement();
	}
	fake_fail_with = PLATFORM_FAULT;
	fake_fail_validate = 1;
	CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE), SVSM_ERR_INVALID_ADDRESS);
}

/* The host has put a page there that is valid already: nobody has zeroed it, or given it rights. */
TEST(a_change_that_only_the_processor_has_seen_is_not_ignored)
{
	fake_setup();
	fake_fail_with = PLATFORM_NO_CHANGE;
	fake_fail_validate = 1;
	CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE | SVSM_PVALIDATE_IGNORE_CF),
		 SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(fake_list_next(0), 0);
	fake_check_agreement();
	CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(fake_pvalidate(0, AT(600) | OP_VALIDATE | SVSM_PVALIDATE_IGNORE_CF), SVSM_SUCCESS);
}

TEST(a_2m_page_split_half_way_is_finished_in_4k)
{
	fake_setup();
	fake_splits = true;
	CHECK_EQ(fake_pvalidate(0, AT(PFNS_2M) | OP_VALIDATE | OP_2M), SVSM_SUCCESS);
	CHECK(!fake_entry(gpa(AT(PFNS_2M)))->big);
	CHECK_EQ(fake_state(2 * PFNS_2M), PAGE_VALID);
	fake_check_agreement();
}

static uint8_t available(unsigned cpu)
{
	return ((struct svsm_caa *)fake_mem(fake_cpus[cpu].guest.caa.v))->mem_available;
}

static uint64_t withdraw(unsigned cpu, uint64_t at)
{
	return fake_call(cpu, SVSM_CORE_WITHDRAW_MEM, at, 0, 0);
}

static void deposit_pages(unsigned first, unsigned n)
{
	static uint64_t list[510];

	for (unsigned i = 0; i < n; i++)
		list[i] = AT(first + i);
	CHECK_EQ(fake_list(0, SVSM_CORE_DEPOSIT_MEM, list, (uint16_t)n), SVSM_SUCCESS);
}

TEST(deposit_and_withdraw)
{
	uint64_t list[] = {AT(30), AT(31), AT(600)};
	const struct svsm_withdraw_list *out;

	fake_setup();
	out = fake_mem(LIST(0));
	CHECK_EQ(fake_list(0, SVSM_CORE_DEPOSIT_MEM, list, 3), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(fake_list_next(0), 2);
	CHECK_EQ(available(0), 1);
	CHECK_EQ(fake_pvalidate(0, AT(30) | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	list[0] |= 4;
	CHECK_EQ(fake_list(0, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_ERR_INVALID_PARAMETER);
	list[0] = LIST(0);
	CHECK_EQ(fake_list(0, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_ERR_INVALID_ADDRESS);
	list[0] = VMSA(0);
	CHECK_EQ(fake_list(0, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_ERR_INVALID_ADDRESS);
	fake_check_agreement();
	CHECK_EQ(withdraw(0, LIST(0)), SVSM_SUCCESS);
	CHECK_EQ(out->count, 2);
	CHECK_EQ(out->entry[0], AT(30));
	CHECK_EQ(out->entry[1], AT(31));
	CHECK_EQ(*(uint64_t *)fake_mem(AT(30)), 0);
	CHECK_EQ(fake_entry(gpa(AT(30)))->perms[1], RMP_RWX); /* 1..caller */
	CHECK_EQ(available(0), 0);
	CHECK_EQ(withdraw(0, LIST(0)), SVSM_SUCCESS);
	CHECK_EQ(out->count, 0);
	fake_check_agreement();
}

/* 58019, table 8: the list is output; all of it that is not filled in is left alone. */
TEST(withdraw_reads_nothing_of_the_list)
{
	uint8_t *at;

	fake_setup();
	at = fake_mem(LIST(0));
	deposit_pages(30, 1);
	memset(at, 0xff, PAGE_SIZE); /* by the old reading 65535 entries, of which 65535 are done */
	CHECK_EQ(withdraw(0, LIST(0)), SVSM_SUCCESS);
	CHECK_EQ(*(uint16_t *)at, 1);
	for (unsigned i = 2; i < 8; i++)
		CHECK_EQ(at[i], 0xff);
	CHECK_EQ(*(uint64_t *)(at + 8), AT(30));
	for (unsigned i = 16; i < PAGE_SIZE; i++)
		CHECK_EQ(at[i], 0xff);
	memset(at, 0, PAGE_SIZE);
	CHECK_EQ(withdraw(0, LIST(0)), SVSM_SUCCESS);
	CHECK_EQ(*(uint16_t *)at, 0);
}

/* 58019, 6.6: what is left of the page is the room, 0xff8 leaves none. */
TEST(withdraw_fills_what_is_left_of_the_page)
{
	const struct svsm_withdraw_list *out;

	fake_setup();
	deposit_pages(30, 5);
	CHECK_EQ(withdraw(0, LIST(0) + 0xff8), SVSM_ERR_INVALID_PARAMETER);
	for (unsigned off = 1; off < 8; off++)
		CHECK_EQ(withdraw(0, LIST(0) + off), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(withdraw(0, AT(600)), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(withdraw(0, AT(31)), SVSM_ERR_INVALID_ADDRESS); /* deposited itself */
	CHECK_EQ(withdraw(0, VMSA(0)), SVSM_ERR_INVALID_ADDRESS);
	for (unsigned i = 0; i < 2; i++) {
		out = fake_mem(LIST(0) + 0xff0 - i * 8);
		CHECK_EQ(withdraw(0, LIST(0) + 0xff0 - i * 8), SVSM_SUCCESS);
		CHECK_EQ(out->count, i + 1);
		CHECK_EQ(available(0), 1);
	}
	CHECK_EQ(withdraw(0, LIST(0) + 0xfe0), SVSM_SUCCESS);
	CHECK_EQ(available(0), 0);
	fake_check_agreement();
}

/* 58019, 6.6: never INCOMPLETE; SVSM_MEM_AVAILABLE of the startup vCPU says that there is more. */
TEST(much_is_withdrawn_piece_by_piece)
{
	const struct svsm_withdraw_list *out;
	unsigned n = 0, calls = 0;

	fake_setup();
	out = fake_mem(LIST(1));
	for (unsigned i = 0; i < 4; i++)
		deposit_pages(100 * i, 100);
	do {
		CHECK_EQ(withdraw(1, LIST(1)), SVSM_SUCCESS);
		n += out->count;
		CHECK_EQ(available(0), n < 400);
		CHECK_EQ(available(1), n < 400);
	} while (n < 400 && out->count && ++calls < 100);
	CHECK_EQ(n, 400);
}

TEST(the_startup_vcpus_area_follows)
{
	uint64_t list[] = {AT(30)};

	fake_setup();
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(3), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(available(0), 0);
	CHECK_EQ(fake_list(1, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_SUCCESS);
	CHECK_EQ(available(0), 1);
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(4), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(available(0), 1);
	memset(fake_mem(AT(3)), 0x55, 8);
	CHECK_EQ(withdraw(1, LIST(1)), SVSM_SUCCESS);
	CHECK_EQ(available(0), 0);
	CHECK_EQ(*(uint64_t *)fake_mem(AT(3)), 0x5555555555555555ull); /* the guest's own again */
}

/* ---- random sequences against a model that knows three states ---- */

enum {
	M_INVALID,
	M_VALID,
	M_PINNED
};

static uint64_t expect(uint8_t *m, uint64_t e)
{
	unsigned first = (unsigned)((e >> PAGE_SHIFT) - (GUEST >> PAGE_SHIFT));
	unsigned n = e & OP_2M ? PFNS_2M : 1, have[3] = {0};
	bool v = e & OP_VALIDATE;

	for (unsigned i = 0; i < n; i++)
		have[m[first + i]]++;
	if (have[M_PINNED])
		return SVSM_ERR_INVALID_ADDRESS;
	if (have[v ? M_VALID : M_INVALID] == n)
		return e & SVSM_PVALIDATE_IGNORE_CF ? SVSM_SUCCESS : SVSM_ERR_PVALIDATE_NO_CHANGE;
	if (have[v ? M_INVALID : M_VALID] != n || (n > 1 && !fake_rmp[first + PFNS_2M].big))
		return SVSM_ERR_PVALIDATE_SIZEMISMATCH;
	for (unsigned i = 0; i < n; i++)
		m[first + i] = v;
	return SVSM_SUCCESS;
}

TEST(random_sequences_match_the_model)
{
	static uint8_t model[PAGES];
	uint32_t seed = 12345;

	fake_setup();
	memset(model, M_INVALID, sizeof(model));
	memset(model, M_VALID, PFNS_2M);
	for (unsigned c = 0; c < CPUS; c++)
		model[500 + c] = model[504 + c] = model[508 + c] = M_PINNED;
	for (unsigned i = 0; i < 4000; i++) {
		uint32_t r = check_random(&seed);
		bool big = (r & 7) == 0;
		uint64_t e =
			big ? AT((r >> 8) % 6 * PFNS_2M) | OP_2M : AT((r >> 8) % (6 * PFNS_2M));
		uint64_t want;

		e |= (r >> 3 & 1 ? OP_VALIDATE : 0) | (r >> 4 & 1 ? SVSM_PVALIDATE_IGNORE_CF : 0);
		if ((e & ~PAGE_MASK) == LIST(0) || (e & ~PAGE_MASK) == LIST(1))
			continue; /* a list that names its own page is tested above */
		want = expect(model, e);
		check_context("step %u entry %#lx", i, (unsigned long)e);
		if (!CHECK_EQ(fake_pvalidate(r >> 5 & 1, e), want))
			return;
	}
	fake_check_agreement();
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* SVSM_CORE_DEPOSIT_MEM and WITHDRAW_MEM: 58019, 6.5 and 6.6, tables 7 and 8. */
#include "bare/core/calls.h"
#include "bare/lib/smp.h"
#include "lib/string.h"

#define R 4

static union {
	struct svsm_pvalidate_list h;
	struct {
		uint64_t head;
		uint64_t entry[511];
	};
} list ALIGNED(4096);

#define GARBAGE 0xee
static union {
	struct svsm_withdraw_list h;
	struct {
		uint64_t head;
		uint64_t entry[511];
	};
} given ALIGNED(4096);

static uint64_t submit(uint64_t call)
{
	uint64_t r;

	do
		r = svsm(call, (uint64_t)&list, 0, 0, 0);
	while (r == SVSM_ERR_INCOMPLETE);
	return r;
}

static uint64_t deposit(uint64_t entry)
{
	memset(&list, 0, sizeof(list.h));
	list.h.count = 1;
	list.entry[0] = entry;
	return submit(CORE(DEPOSIT_MEM));
}

/* Withdraws what comes and marks each page in back[], by its place in region R. How many came. None
 * of the list is input. */
static unsigned withdraw(bool *back)
{
	memset(&given, GARBAGE, sizeof(given));
	if (!CHECK_EQ(svsm(CORE(WITHDRAW_MEM), (uint64_t)&given, 0, 0, 0), SVSM_SUCCESS))
		return 0;
	for (unsigned i = 0; i < sizeof(given.h.unused_002); i++)
		CHECK_EQ(given.h.unused_002[i], GARBAGE);
	if (!CHECK_LE(given.h.count, 511))
		return 0;
	for (unsigned i = 0; i < given.h.count; i++) {
		uint64_t page = (given.entry[i] - MEM_REGION(R)) / PAGE_SIZE;

		CHECK_EQ(given.entry[i] & PAGE_MASK, 0);
		if (CHECK_LE(page, 511))
			back[page] = true;
	}
	return given.h.count;
}

TEST(mem_round, "deposit-withdraw", "deposited pages come back, all of them, zeroed",
     "svsm:6.5:deposit svsm:6.5:owned svsm:6.6:withdraw svsm:6.6:available svsm:6.6:empty "
     "keelson:withdraw:clear keelson:withdraw:all svsm:5:area")
{
	bool back[512] = {false};

	*(volatile uint64_t *)MEM_PAGE(R, 7) = 0x55;
	REQUIRE_EQ(deposit(MEM_PAGE(R, 7)), SVSM_SUCCESS);
	CHECK_EQ(deposit(MEM_PAGE(R, 300)), SVSM_SUCCESS);
	test_case("what was deposited is not the guest's");
	CHECK_EQ(deposit(MEM_PAGE(R, 7)), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 7), RMP_PG_4K, false)),
		 SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 7), RMP_PG_4K, true)),
		 SVSM_ERR_INVALID_ADDRESS);
	test_case("withdraw");
	for (unsigned i = 0; i < 512 && percpu()->caa->mem_available; i++)
		withdraw(back);
	for (unsigned i = 0; i < 512; i++) {
		volatile uint64_t *p = (volatile uint64_t *)MEM_PAGE(R, i);

		if (back[i])
			CHECK_EQ(*p = i, i); /* it is the guest's, to read and to write */
	}
	CHECK_EQ(percpu()->caa->mem_available, 0);
	test_case("nothing left");
	CHECK_EQ(withdraw(back), 0);
}

/* An SVSM may keep what it makes use of. This one makes use of nothing. */
TEST(mem_all, "withdraw-all", "all that was deposited comes back at once, zeroed",
     "keelson:withdraw:all keelson:withdraw:clear")
{
	bool back[512] = {false};

	*(volatile uint64_t *)MEM_PAGE(R, 7) = 0x55;
	CHECK_EQ(deposit(MEM_PAGE(R, 7)), SVSM_SUCCESS);
	CHECK_EQ(percpu()->caa->mem_available, 1);
	CHECK_EQ(deposit(MEM_PAGE(R, 300)), SVSM_SUCCESS);
	CHECK_EQ(withdraw(back), 2);
	CHECK(back[7] && back[300]);
	CHECK_EQ(*(volatile uint64_t *)MEM_PAGE(R, 7), 0);
	CHECK_EQ(percpu()->caa->mem_available, 0);
	CHECK_EQ(withdraw(back), 0);
	CHECK(calls_region_intact(R));
}

TEST(mem_2m, "deposit-2m", "a 2M page can be deposited, and withdrawn piecewise",
     "svsm:6.5:deposit svsm:6.6:withdraw svsm:6.6:complete svsm:6.6:available keelson:withdraw:all")
{
	bool back[512] = {false};
	unsigned n = 0, all = 0;

	calls_need_fresh(R);
	CHECK_EQ(deposit(MEM_REGION(R) | RMP_PG_2M), SVSM_SUCCESS);
	/* 6.6: never INCOMPLETE, but SVSM_MEM_AVAILABLE says that there is more */
	for (unsigned i = 0; i < 512 && percpu()->caa->mem_available; i++)
		n += withdraw(back);
	for (unsigned i = 0; i < 512; i++)
		all += back[i];
	CHECK_EQ(all, n); /* none of them twice */
	if (!test_case_asked("keelson:withdraw:all", "all of it"))
		return;
	CHECK_EQ(n, 512);
	CHECK(calls_region_intact(R));
}

TEST(mem_bad, "deposit-bad", "DEPOSIT_MEM refuses what is not plain guest memory",
     "svsm:6.5:address svsm:6.5:entry keelson:duties")
{
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		test_case("%s", a->name);
		CHECK_EQ(deposit(a->gpa), SVSM_ERR_INVALID_ADDRESS);
	}
	test_case("not validated");
	CHECK_EQ(deposit(calls_unvalidated()), SVSM_ERR_INVALID_ADDRESS);
	test_case("calling area");
	CHECK_EQ(deposit((uint64_t)percpu()->caa), SVSM_ERR_INVALID_ADDRESS);
	if (test_case_asked("keelson:duties", "the list itself"))
		CHECK_EQ(deposit((uint64_t)&list), SVSM_ERR_INVALID_ADDRESS);
	for (unsigned bit = 2; bit < 12; bit++) {
		test_case("reserved bit %u", bit);
		CHECK_EQ(deposit(MEM_PAGE(R, 1) | BIT(bit)), SVSM_ERR_INVALID_PARAMETER);
	}
	for (unsigned size = 2; size < 4; size++) {
		test_case("size %u", size);
		CHECK_EQ(deposit(MEM_PAGE(R, 1) | size), SVSM_ERR_INVALID_PARAMETER);
	}
	test_case("2M, unaligned");
	CHECK_EQ(deposit(MEM_PAGE(R, 1) | RMP_PG_2M), SVSM_ERR_INVALID_PARAMETER);
	CHECK(calls_region_intact(R));
}

TEST(mem_lists, "deposit-lists", "list headers of both calls",
     "svsm:6.5:list svsm:6.6:room svsm:5:fault")
{
	static const struct {
		const char *name;
		uint64_t offset, call, result;
		uint16_t count, next;
	} rows[] = {
		{"deposit: count 0", 0, CORE(DEPOSIT_MEM), SVSM_ERR_INVALID_PARAMETER, 0, 0},
		{"deposit: count 512", 0, CORE(DEPOSIT_MEM), SVSM_ERR_INVALID_PARAMETER, 512, 0},
		{"deposit: next = count", 0, CORE(DEPOSIT_MEM), SVSM_ERR_INVALID_PARAMETER, 1, 1},
		{"deposit: across the page", 0xff8, CORE(DEPOSIT_MEM), SVSM_ERR_INVALID_PARAMETER,
		 1, 0},
		{"deposit: unaligned", 4, CORE(DEPOSIT_MEM), SVSM_ERR_INVALID_PARAMETER, 1, 0},
		{"withdraw: count 512", 0, CORE(WITHDRAW_MEM), SVSM_SUCCESS, 512, 0},
		{"withdraw: count 0, next 1", 0, CORE(WITHDRAW_MEM), SVSM_SUCCESS, 0, 1},
		{"withdraw: room for one", 0xff0, CORE(WITHDRAW_MEM), SVSM_SUCCESS, 2, 2},
		{"withdraw: no room", 0xff8, CORE(WITHDRAW_MEM), SVSM_ERR_INVALID_PARAMETER, 1, 0},
		{"withdraw: unaligned", 1, CORE(WITHDRAW_MEM), SVSM_ERR_INVALID_PARAMETER, 1, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t at = MEM_PAGE(R, 8) + rows[i].offset;
		struct svsm_pvalidate_list h = {.count = rows[i].count, .next = rows[i].next};

		test_case("%s", rows[i].name);
		memset((void *)MEM_PAGE(R, 8), 0, PAGE_SIZE * 2);
		memcpy((void *)at, &h, sizeof(h));
		CHECK_EQ(svsm(rows[i].call, at, 0, 0, 0), rows[i].result);
	}
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		uint64_t also = a->svsm ? SVSM_ERR_INVALID_PARAMETER : SVSM_ERR_INVALID_ADDRESS;

		test_case("list at: %s", a->name); /* as pvalidate-list-address */
		CHECK_ANSWER(svsm(CORE(DEPOSIT_MEM), a->gpa, 0, 0, 0), SVSM_ERR_INVALID_ADDRESS,
			     also);
		CHECK_ANSWER(svsm(CORE(WITHDRAW_MEM), a->gpa, 0, 0, 0), SVSM_ERR_INVALID_ADDRESS,
			     also);
	}
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The order of locks: what a CPU that holds one may take, and that the check sees it when it takes
 * another, takes one twice, or gives back what it does not hold.
 */
#include <setjmp.h>
#include "lib/lock.h"
#include "tests/native/check.h"

static jmp_buf panicked;

void panic(const char *fmt, ...)
{
	(void)fmt;
	*lock_held() = 0; /* this CPU is done for; the next test is another one */
	longjmp(panicked, 1);
}

#define PANICS(what)                                                                               \
	do {                                                                                       \
		if (!setjmp(panicked)) {                                                           \
			what;                                                                      \
			CHECK(!#what);                                                             \
		}                                                                                  \
	} while (0)

TEST(upwards_is_fine)
{
	struct spinlock l[LOCK_ALLOC + 1] = {0};

	for (unsigned rank = 0; rank <= LOCK_ALLOC; rank++)
		lock_take((enum lock_rank)rank, &l[rank]);
	CHECK_EQ(*lock_held(), (1u << (LOCK_ALLOC + 1)) - 1);
	for (unsigned rank = 0; rank <= LOCK_ALLOC; rank++)
		lock_give((enum lock_rank)rank, &l[rank]);
	CHECK_EQ(*lock_held(), 0);
	for (unsigned rank = 0; rank <= LOCK_ALLOC; rank++)
		CHECK_EQ(l[rank].taken, 0);
}

TEST(downwards_panics)
{
	struct spinlock a = {0}, b = {0};

	lock_take(LOCK_REGISTRY, &a);
	PANICS(lock_take(LOCK_PAGESTATE, &b));
	CHECK_EQ(b.taken, 0); /* it was not even tried */
}

TEST(two_of_one_rank_panic)
{
	struct spinlock a = {0}, b = {0};

	lock_take(LOCK_VCPU, &a);
	PANICS(lock_take(LOCK_VCPU, &b));
	CHECK_EQ(b.taken, 0);
}

TEST(giving_what_is_not_held_panics)
{
	struct spinlock a = {0};

	PANICS(lock_give(LOCK_ALLOC, &a));
	CHECK_EQ(a.taken, 0);
}

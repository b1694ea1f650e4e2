/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The mask of an index: what it lets pass, at both ends and with the top bit set.
 *
 * sources:
 */
#include "base/speculation.h"
#include "tests/native/check.h"

TEST(an_index_below_the_size_stays)
{
	CHECK_EQ(speculation_index(0, 1), 0);
	CHECK_EQ(speculation_index(4, 5), 4);
	CHECK_EQ(speculation_index(~0ull - 1, ~0ull), ~0ull - 1);
	CHECK_EQ(speculation_index(0x7fffffffffffffff, 1ull << 63), 0x7fffffffffffffff);
}

TEST(every_other_one_is_zero)
{
	CHECK_EQ(speculation_index(0, 0), 0);
	CHECK_EQ(speculation_index(5, 5), 0);
	CHECK_EQ(speculation_index(6, 5), 0);
	CHECK_EQ(speculation_index(~0ull, 5), 0);
	CHECK_EQ(speculation_index(1ull << 63, 1ull << 62), 0);
	CHECK_EQ(speculation_index(~0ull, ~0ull), 0);
}

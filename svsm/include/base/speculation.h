/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a processor may do before it knows that a check fails. The guest and the programs of ring 3
 * choose lengths, indexes and addresses, and train the predictors, so they can make it go on behind
 * a check with a value that the check refuses; what it then loads can be seen in the caches. Rules
 * for code at a boundary:
 *
 *   an index or an offset of a stranger   is masked where it is used: speculation_index()
 *   a length, or a choice of code by one  speculation_barrier() behind the last check
 *   an address                            is masked to the range that may be named, where it is
 *                                         made: mm/guest_mem.c, user/usermode.c
 *   predictors                            cpu/predictor.h, where another one's code has run
 *
 * Indirect branches are retpolines (svsm/build.mk); tests/integration/test_speculation.py looks for
 * others, and for the barriers. Portable to every x86-64.
 */
#include "base/types.h"

/* Nothing behind it begins before everything in front of it has ended: APM vol. 3, LFENCE, which
 * is dispatch serialising on every processor with SNP. */
static inline void speculation_barrier(void)
{
	__asm__ volatile("lfence" : : : "memory");
}

/* index, which the caller has found below size; 0 when that is not so. No branch: the borrow of
 * the comparison is the mask. */
static inline uint64_t speculation_index(uint64_t index, uint64_t size)
{
	uint64_t mask;

	__asm__ volatile("cmpq %2, %1\n\tsbbq %0, %0" : "=r"(mask) : "r"(index), "r"(size) : "cc");
	return index & mask;
}

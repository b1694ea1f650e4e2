/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A set of CPUs, or of vCPUs, below HOST_MAX_CPUS, that all CPUs change at once: each change and
 * each question about one member is atomic, a look at all of them is no snapshot. */
#include "base/types.h"
#include "machine/layout.h"

#define CPUSET_WORDS ((HOST_MAX_CPUS + 63) / 64)

struct cpuset {
	uint64_t word[CPUSET_WORDS];
};

static inline uint64_t cpuset_word(const struct cpuset *s, unsigned i)
{
	return __atomic_load_n(&s->word[i], __ATOMIC_SEQ_CST);
}

static inline void cpuset_add(struct cpuset *s, unsigned n)
{
	__atomic_fetch_or(&s->word[n / 64], 1ull << n % 64, __ATOMIC_SEQ_CST);
}

static inline void cpuset_remove(struct cpuset *s, unsigned n)
{
	__atomic_fetch_and(&s->word[n / 64], ~(1ull << n % 64), __ATOMIC_SEQ_CST);
}

/* The lowest member that is not below n; HOST_MAX_CPUS: there is none. So the loop over all is
 *	for (unsigned i = cpuset_next(s, 0); i < HOST_MAX_CPUS; i = cpuset_next(s, i + 1)) */
static inline unsigned cpuset_next(const struct cpuset *s, unsigned n)
{
	for (unsigned i = n / 64; i < CPUSET_WORDS; i++) {
		uint64_t w = cpuset_word(s, i) & (i == n / 64 ? ~0ull << n % 64 : ~0ull);

		if (w)
			return i * 64 + (unsigned)__builtin_ctzll(w);
	}
	return HOST_MAX_CPUS;
}

static inline bool cpuset_empty(const struct cpuset *s)
{
	return cpuset_next(s, 0) >= HOST_MAX_CPUS;
}

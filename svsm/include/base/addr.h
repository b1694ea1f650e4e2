/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Addresses are types, so that mixing them does not compile.
 *   gpa_t  guest physical address; never has the C-bit set
 *   hpa_t  host physical address, as the monitor sees it: QEMU's
 */
#include "base/types.h"

typedef struct {
	uint64_t v;
} gpa_t;

typedef struct {
	uint64_t v;
} hpa_t;

#define GPA_NONE ((gpa_t){~0ull})

static inline gpa_t gpa(uint64_t v)
{
	return (gpa_t){v};
}

static inline hpa_t hpa(uint64_t v)
{
	return (hpa_t){v};
}

static inline gpa_t gpa_add(gpa_t a, uint64_t n)
{
	return gpa(a.v + n);
}

static inline uint64_t gpa_pfn(gpa_t a)
{
	return a.v >> PAGE_SHIFT;
}

static inline gpa_t gpa_page(gpa_t a)
{
	return gpa(a.v & ~PAGE_MASK);
}

static inline bool gpa_eq(gpa_t a, gpa_t b)
{
	return a.v == b.v;
}

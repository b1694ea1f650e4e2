/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* RDRAND is hidden, in the CPUID page too: its check lets a host hide what there is (56860,
 * 8.17.2.6). A guest that takes the time instead takes a number of the host's. */
#include "machine/hostile/hostile.h"

#define F1_ECX_RDRAND BIT(30)

static void hide(uint32_t leaf, uint32_t r[4])
{
	if (leaf == 1)
		r[2] &= ~F1_ECX_RDRAND;
}

HOSTILE_HOST(no_rdrand, "no-rdrand") = {.on = &no_rdrand_on, .cpuid = hide};

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 58019, 6.2: a page that was validated is cleared. Here one is not: the guest finds what was
 * there. */
#include "mm/guestpage.h"
#include "mm/guest_mem.h"

bool __real_guest_zero(gpa_t g, size_t len);
bool __wrap_guest_zero(gpa_t g, size_t len);
bool __wrap_guest_zero(gpa_t g, size_t len)
{
	static const uint64_t left = 0x1eff0411;

	return __real_guest_zero(g, len) &&
	       (len < PAGE_SIZE || guest_copy_out(g, &left, sizeof(left)));
}

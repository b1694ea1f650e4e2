/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The one way to guest memory. Every function checks that [address, address + length) lies wholly
 * in RAM (mm/memmap.h) and outside SVSM memory, then accesses it through the private, never
 * executable map of guest RAM. A page that is not there (not validated, or taken away half way)
 * ends the access with false: no address from a guest can fault the SVSM. After false the
 * destination may be partly written.
 *
 * Two reads may return two values, because the guest can write in between. So: copy once, check
 * the copy, use the copy. Locks: none. Callable from any CPU once memory_init() is done.
 *
 * These functions do not know page states. Whether the guest may name that page in a call (it may
 * be shared, a VMSA, somebody's calling area) is for the caller to decide by mm/pagestate.h.
 */
#include "base/addr.h"

bool guest_copy_in(void *dst, gpa_t src, size_t len);
bool guest_copy_out(gpa_t dst, const void *src, size_t len);
bool guest_zero(gpa_t dst, size_t len);

/* A single access of that width; the address must be naturally aligned, else false. */
bool guest_read8(gpa_t g, uint8_t *v);
bool guest_read64(gpa_t g, uint64_t *v);
bool guest_write8(gpa_t g, uint8_t v);
bool guest_write64(gpa_t g, uint64_t v);

/* Clear or set these bits of an aligned value atomically: others may write it at the same time. */
bool guest_clear64(gpa_t g, uint64_t bits);
bool guest_set64(gpa_t g, uint64_t bits);

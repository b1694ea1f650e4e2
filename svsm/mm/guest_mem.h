/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The one way to guest memory. Every function checks that [address, address + length) lies wholly
 * in RAM (mm/memmap.h) and outside SVSM memory, then accesses it through the private, never
 * executable map of guest RAM. A page that is not there (not validated, taken away half way) ends
 * the access with false: nothing a guest passes can fault the SVSM. After false the destination may
 * be partly written.
 *
 * Whoever reads a value twice reads two values: copy once, check the copy, use the copy.
 * Locks: none. Callable from any CPU once memory_init() is done.
 *
 * These functions know nothing of page states: whether a guest may name that page (shared, VMSA,
 * somebody's calling area) is for mm/pagestate.h to say.
 */
#include "base/addr.h"

bool guest_copy_in(void *dst, gpa_t src, size_t len);
bool guest_copy_out(gpa_t dst, const void *src, size_t len);
bool guest_zero(gpa_t dst, size_t len);

/* One access of that width each; the address must be naturally aligned, else false. */
bool guest_read8(gpa_t g, uint8_t *v);
bool guest_read64(gpa_t g, uint64_t *v);
bool guest_write8(gpa_t g, uint8_t v);
bool guest_write64(gpa_t g, uint64_t v);

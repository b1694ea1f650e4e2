/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Buffers a guest names in a call. A page may be read and written for the guest only while it is
 * the guest's own validated memory (a calling area is): never a VMSA, deposited memory or the
 * SVSM's. The page's region is locked during the access, so it cannot become one of these half way.
 *
 * [g, g + len) must lie in one page. False: it does not, or the page is not the guest's. No
 * page-state region may be held.
 */
#include "abi/svsm.h"
#include "base/addr.h"

bool buffer_in(void *dst, gpa_t g, size_t len);
bool buffer_out(gpa_t g, const void *src, size_t len);
/* The same, and a calling area is refused: what is written must not lie over one. */
bool buffer_in_plain(void *dst, gpa_t g, size_t len);
bool buffer_out_plain(gpa_t g, const void *src, size_t len);

/* The list that PVALIDATE and DEPOSIT_MEM take (tables 6, 7): a header, then 64-bit entries. */
struct buffer_list {
	gpa_t at;
	uint16_t count;
	uint16_t next;
};

/* Copy the header and check it; results: protocols/core.h. */
enum svsm_result buffer_list_open(struct buffer_list *l, uint64_t rcx);
/* One entry; i < count. */
bool buffer_list_read(const struct buffer_list *l, unsigned i, uint64_t *entry);
/* Write count and next back. */
bool buffer_list_close(const struct buffer_list *l);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's page of a vTPM call: the contract is in vtpm_page.h. vtpm.c calls it with LOCK_VTPM
 * held. It must never read a byte of the request twice, nor begin to write a response whose end
 * cannot be written.
 */
#include "protocols/vtpm_page.h"
#include "abi/svsm.h"
#include "base/speculation.h"
#include "protocols/buffer.h"
#include "protocols/vtpm_request.h"

static size_t in_this_page(gpa_t at, size_t len)
{
	return MIN(len, PAGE_SIZE - (at.v & PAGE_MASK));
}

static bool page_in(uint8_t *to, gpa_t at, size_t len)
{
	for (size_t n; len; to += n, at = gpa_add(at, n), len -= n) {
		n = in_this_page(at, len);
		if (!buffer_in_plain(to, at, n))
			return false;
	}
	return true;
}

static bool page_out(gpa_t at, const uint8_t *from, size_t len)
{
	for (size_t n; len; from += n, at = gpa_add(at, n), len -= n) {
		n = in_this_page(at, len);
		if (!buffer_out_plain(at, from, n))
			return false;
	}
	return true;
}

enum svsm_result vtpm_page_read(gpa_t at, struct vtpm_command *to)
{
	struct vtpm_request head;
	enum svsm_result rax;

	if (at.v > UINT64_MAX - PAGE_SIZE || !page_in((uint8_t *)&head, at, sizeof(head)))
		return SVSM_ERR_INVALID_ADDRESS;
	rax = vtpm_request_check(&head);
	if (rax != SVSM_SUCCESS)
		return rax;
	speculation_barrier(); /* the copy below stays inside *to */
	to->locality = head.locality;
	to->len = head.len;
	if (!page_in(to->data, gpa_add(at, sizeof(head)), head.len))
		return SVSM_ERR_INVALID_ADDRESS;
	return SVSM_SUCCESS;
}

/* May the last byte be written? Asked before the first one is, so that a refused call leaves the
 * first of two pages as it was. */
static bool reaches(gpa_t at, size_t len)
{
	uint8_t last;

	return page_in(&last, gpa_add(at, len - 1), 1);
}

enum svsm_result vtpm_page_write(gpa_t at, const struct vtpm_page_response *from)
{
	size_t all = sizeof(from->len) + from->len;

	return reaches(at, all) && page_out(at, (const uint8_t *)from, all)
		       ? SVSM_SUCCESS
		       : SVSM_ERR_INVALID_ADDRESS;
}

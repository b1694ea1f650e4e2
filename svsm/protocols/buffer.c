/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Access to buffers that the guest names in a call: the contract is in buffer.h. The protocols call
 * it; it locks the page's region for the time of the access. It must never touch a page that is not
 * the guest's plain memory or a calling area.
 */
#include "protocols/buffer.h"
#include "abi/svsm.h"
#include "base/speculation.h"
#include "mm/guest_mem.h"
#include "mm/pagestate.h"

static bool in_one_page(gpa_t g, size_t len)
{
	return len != 0 && len <= PAGE_SIZE - (g.v & PAGE_MASK);
}

/* The page's region is locked. */
static bool accessible(gpa_t g, bool plain)
{
	enum page_state s = pagestate_get(gpa_page(g));

	return s == PAGE_VALID || (s == PAGE_CAA && !plain);
}

static bool in(void *dst, gpa_t g, size_t len, bool plain)
{
	struct pages_locked held;
	bool ok;

	if (!in_one_page(g, len))
		return false;
	held = pagestate_lock(g);
	ok = accessible(g, plain) && guest_copy_in(dst, g, len);
	pagestate_unlock(held);
	return ok;
}

static bool out(gpa_t g, const void *src, size_t len, bool plain)
{
	struct pages_locked held;
	bool ok;

	if (!in_one_page(g, len))
		return false;
	held = pagestate_lock(g);
	ok = accessible(g, plain) && guest_copy_out(g, src, len);
	pagestate_unlock(held);
	return ok;
}

bool buffer_in(void *dst, gpa_t g, size_t len)
{
	return in(dst, g, len, false);
}

bool buffer_out(gpa_t g, const void *src, size_t len)
{
	return out(g, src, len, false);
}

bool buffer_in_plain(void *dst, gpa_t g, size_t len)
{
	return in(dst, g, len, true);
}

bool buffer_out_plain(gpa_t g, const void *src, size_t len)
{
	return out(g, src, len, true);
}

static gpa_t entry_at(const struct buffer_list *l, unsigned i)
{
	return gpa_add(l->at, sizeof(struct svsm_pvalidate_list) + i * sizeof(uint64_t));
}

enum svsm_result buffer_list_open(struct buffer_list *l, uint64_t rcx)
{
	uint64_t room = PAGE_SIZE - (rcx & PAGE_MASK);
	struct svsm_pvalidate_list head;

	if (!IS_ALIGNED(rcx, 8))
		return SVSM_ERR_INVALID_PARAMETER;
	l->at = gpa(rcx);
	if (!buffer_in(&head, l->at, sizeof(head)))
		return SVSM_ERR_INVALID_ADDRESS;
	l->count = head.count;
	l->next = head.next;
	if (!l->count || l->next >= l->count || sizeof(head) + l->count * sizeof(uint64_t) > room)
		return SVSM_ERR_INVALID_PARAMETER;
	speculation_barrier(); /* nothing is read behind the list's end */
	return SVSM_SUCCESS;
}

bool buffer_list_read(const struct buffer_list *l, unsigned i, uint64_t *entry)
{
	return buffer_in(entry, entry_at(l, i), sizeof(*entry));
}

bool buffer_list_close(const struct buffer_list *l)
{
	struct svsm_pvalidate_list head = {.count = l->count, .next = l->next};

	/* count and next only: the reserved bytes are the guest's */
	return buffer_out(l->at, &head, offsetof(struct svsm_pvalidate_list, rsvd_004));
}

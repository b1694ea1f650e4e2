/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The core protocol's calls on lists of pages: PVALIDATE, DEPOSIT_MEM, WITHDRAW_MEM. core.c calls
 * them, with no lock held; each locks the region of one page at a time. They must never keep a vCPU
 * for longer than the budget below, nor read an entry of the guest's list twice in a call.
 */
#include "abi/svsm.h"
#include "mm/guestpage.h"
#include "mm/pagestate.h"
#include "protocols/buffer.h"
#include "protocols/core.h"
#include "protocols/mem_available.h"

/*
 * A call holds off the guest's interrupts, so it may not take long: after this much work it comes
 * back INCOMPLETE, and the guest calls again. A 4K entry costs three or four instructions on its
 * RMP entry, each of which is an exit on native. A 2M entry costs the zeroing as well.
 */
#define BUDGET  128
#define COST_4K 1
#define COST_2M 16

/* One list entry taken apart. */
struct operation {
	gpa_t page;
	enum platform_size size;
	bool validate;
	bool ignore_cf;
};

static uint64_t bytes_of(const struct operation *op)
{
	return op->size == PLATFORM_2M ? SIZE_2M : PAGE_SIZE;
}

static enum svsm_result parse(uint64_t entry, uint64_t reserved, struct operation *op)
{
	uint64_t size = entry & SVSM_PVALIDATE_SIZE_MASK;

	if ((entry & reserved) || size > PLATFORM_2M)
		return SVSM_ERR_INVALID_PARAMETER;
	op->page = gpa_page(gpa(entry));
	op->size = (enum platform_size)size;
	op->validate = entry & SVSM_PVALIDATE_ACTION;
	op->ignore_cf = entry & SVSM_PVALIDATE_IGNORE_CF;
	if (!IS_ALIGNED(op->page.v, bytes_of(op)))
		return SVSM_ERR_INVALID_PARAMETER;
	return SVSM_SUCCESS;
}

/*
 * Does the operation hit the page of the list itself? The list must stay readable and writable
 * while the call works on it.
 */
static bool covers(const struct operation *op, gpa_t list)
{
	return list.v - op->page.v < bytes_of(op);
}

/*
 * "No change" may be ignored where the SVSM knows the page to be in that state. Where only the
 * instruction says so, the host has exchanged the page: it is neither zeroed nor has it rights.
 */
static enum svsm_result pvalidate_one(const struct operation *op)
{
	struct pages_locked held = pagestate_lock(op->page);
	enum platform_result r = op->validate ? guestpage_validate(held, op->page, op->size)
					      : guestpage_rescind(held, op->page, op->size);

	if (r == PLATFORM_NO_CHANGE && op->ignore_cf &&
	    guestpage_is(op->page, op->size, op->validate))
		r = PLATFORM_OK;
	pagestate_unlock(held);
	return core_result(r);
}

static enum svsm_result deposit_one(const struct operation *op)
{
	struct pages_locked held = pagestate_lock(op->page);
	enum platform_result r = guestpage_deposit(held, op->page, op->size);

	pagestate_unlock(held);
	if (r == PLATFORM_OK)
		mem_available_change((int64_t)(bytes_of(op) / PAGE_SIZE));
	return core_result(r);
}

/* Walks the list from `next`, counts what is done, and tells the guest how far it went. */
static enum svsm_result for_each_entry(struct svsm_call *call, uint64_t reserved,
				       enum svsm_result (*one)(const struct operation *op))
{
	struct buffer_list list;
	enum svsm_result rax = buffer_list_open(&list, call->rcx);
	unsigned cost = 0;

	if (rax != SVSM_SUCCESS)
		return rax;
	while (rax == SVSM_SUCCESS && list.next < list.count && cost < BUDGET) {
		struct operation op;
		uint64_t entry;

		if (!buffer_list_read(&list, list.next, &entry))
			return SVSM_ERR_INVALID_ADDRESS;
		rax = parse(entry, reserved, &op);
		if (rax != SVSM_SUCCESS)
			break;
		rax = covers(&op, list.at) && !op.validate ? SVSM_ERR_INVALID_ADDRESS : one(&op);
		list.next += rax == SVSM_SUCCESS;
		cost += op.size == PLATFORM_2M ? COST_2M : COST_4K;
	}
	if (!buffer_list_close(&list))
		return SVSM_ERR_INVALID_ADDRESS;
	return rax == SVSM_SUCCESS && list.next < list.count ? SVSM_ERR_INCOMPLETE : rax;
}

enum svsm_result core_pvalidate(struct svsm_call *call)
{
	return for_each_entry(call, SVSM_PVALIDATE_RSVD_MASK, pvalidate_one);
}

/*
 * PVALIDATE's action bits are reserved in this list: parse() refuses them, so op.validate is never
 * set.
 */
enum svsm_result core_deposit_mem(struct svsm_call *call)
{
	enum svsm_result rax = for_each_entry(call, SVSM_DEPOSIT_RSVD_MASK, deposit_one);

	mem_available_announce(); /* whatever the result: some entries may be done */
	return rax;
}

/*
 * Gives back the next deposited page at or after `from`, and returns it. GPA_NONE: none is left.
 * Locks the page's region.
 */
static gpa_t withdraw_one(gpa_t from)
{
	if (!mem_available())
		return GPA_NONE; /* no look at every page of RAM for nothing */
	for (gpa_t page = pagestate_find(from, PAGE_DEPOSITED); !gpa_eq(page, GPA_NONE);
	     page = pagestate_find(gpa_add(page, PAGE_SIZE), PAGE_DEPOSITED)) {
		struct pages_locked held = pagestate_lock(page);
		enum platform_result r = guestpage_withdraw(held, page);

		pagestate_unlock(held);
		if (r != PLATFORM_INVALID) /* else another vCPU was quicker */
			mem_available_change(-1);
		if (r == PLATFORM_OK)
			return page;
	}
	return GPA_NONE;
}

/* How many entries fit behind the header into what is left of the list's page. */
static unsigned withdraw_room(gpa_t list)
{
	return (unsigned)((PAGE_SIZE - (list.v & PAGE_MASK)) / sizeof(uint64_t)) - 1;
}

/*
 * The SVSM keeps nothing in deposited memory yet, so all of it may go. A page is given back before
 * its entry is written. When the list goes away meanwhile, the guest has its memory and does not
 * know it, which harms nobody else.
 */
static bool withdraw_into(gpa_t list, unsigned room, uint16_t *count)
{
	gpa_t page = gpa(0), at = gpa_add(list, sizeof(struct svsm_withdraw_list));

	for (*count = 0; *count < room; (*count)++, at = gpa_add(at, sizeof(uint64_t))) {
		page = withdraw_one(page);
		if (gpa_eq(page, GPA_NONE))
			break;
		if (!buffer_out(at, &page.v, sizeof(page.v)))
			return false;
	}
	return true;
}

/*
 * The list is output only (table 8). Its count is written first, to see that the list can be
 * written, and again at the end.
 */
enum svsm_result core_withdraw_mem(struct svsm_call *call)
{
	gpa_t list = gpa(call->rcx);
	uint16_t count = 0;
	unsigned room;
	bool ok;

	if (!IS_ALIGNED(list.v, sizeof(uint64_t)))
		return SVSM_ERR_INVALID_PARAMETER;
	room = MIN(withdraw_room(list), BUDGET);
	if (!room)
		return SVSM_ERR_INVALID_PARAMETER;
	ok = buffer_out(list, &count, sizeof(count)) && withdraw_into(list, room, &count) &&
	     buffer_out(list, &count, sizeof(count));
	mem_available_announce();
	return ok ? SVSM_SUCCESS : SVSM_ERR_INVALID_ADDRESS;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How a guest's page changes its state: the contract is in guestpage.h. The core protocol and the
 * boot call it with the page's region locked. It must never leave the page state map and the
 * hardware in disagreement: a change that cannot be finished is undone, and a page whose change
 * cannot be undone is BROKEN, out of use for good.
 */
#include "mm/guestpage.h"
#include "mm/guest_mem.h"
#include "log/log.h"
#include "mm/pagestate.h"
#include "platform/vcpu.h"

unsigned guestpage_vmpl = VMPL_GUEST;

static uint64_t bytes_of(enum platform_size size)
{
	return size == PLATFORM_2M ? SIZE_2M : PAGE_SIZE;
}

static bool all_in(gpa_t page, enum platform_size size, enum page_state state)
{
	return size == PLATFORM_2M ? pagestate_all_2m(page, state) : pagestate_get(page) == state;
}

static void set_all(struct pages_locked held, gpa_t page, enum platform_size size,
		    enum page_state state)
{
	if (size == PLATFORM_2M)
		pagestate_set_2m(held, page, state);
	else
		pagestate_set(held, page, state);
}

/* Every page is the guest's plain memory: INVALID or VALID, whichever. */
static bool all_plain(gpa_t page, enum platform_size size)
{
	for (uint64_t off = 0; off < bytes_of(size); off += PAGE_SIZE) {
		enum page_state s = pagestate_get(gpa_add(page, off));

		if (s != PAGE_INVALID && s != PAGE_VALID)
			return false;
	}
	return true;
}

/*
 * May the page go from `from` to `to`? OK: it is wholly in `from`. Otherwise the result says
 * whether it is in `to` already, is a mixture of plain states, or is not the guest's.
 */
static enum platform_result check(gpa_t page, enum platform_size size, enum page_state from,
				  enum page_state to)
{
	if (all_in(page, size, from))
		return PLATFORM_OK;
	if (all_in(page, size, to))
		return PLATFORM_NO_CHANGE;
	return all_plain(page, size) ? PLATFORM_SIZEMISMATCH : PLATFORM_INVALID;
}

/* The hardware has refused to take back half a change, so nobody may have the page from now on. */
static void broken(struct pages_locked held, gpa_t page, enum platform_size size, const char *what)
{
	log_guest("page %#lx is out of use: %s failed\n", (unsigned long)page.v, what);
	set_all(held, page, size, PAGE_BROKEN);
}

/* The hypervisor may split a 2M entry at any time. Then each 4K page of it gets the rights. */
static enum platform_result give(gpa_t page, enum platform_size size, unsigned vmpl)
{
	enum platform_result r = platform->guest_rights(page, size, vmpl, RMP_RWX);

	if (size == PLATFORM_2M && (r == PLATFORM_SIZEMISMATCH || r == PLATFORM_OVERLAP)) {
		r = PLATFORM_OK;
		for (uint64_t off = 0; off < SIZE_2M && r == PLATFORM_OK; off += PAGE_SIZE)
			r = give(gpa_add(page, off), PLATFORM_4K, vmpl);
	}
	return r;
}

/* 58019, 6.2: full rights for the guest's VMPL and for every more privileged one. */
static enum platform_result grant(struct pages_locked held, gpa_t page, enum platform_size size)
{
	enum platform_result r = PLATFORM_OK;

	if (guestpage_vmpl > VMPL_SVSM + 1)
		pagestate_set_above(held, page, bytes_of(size), true);
	for (unsigned vmpl = VMPL_SVSM + 1; vmpl <= guestpage_vmpl && r == PLATFORM_OK; vmpl++)
		r = give(page, size, vmpl);
	return r;
}

/*
 * Takes the rights of every VMPL but the SVSM's: the guest may have given some to VMPLs below its
 * own. Those above it are left out where they have none, as to all memory that was validated at
 * boot. *taken: from how many VMPLs they were taken.
 */
static enum platform_result revoke_all(struct pages_locked held, gpa_t page,
				       enum platform_size size, unsigned *taken)
{
	bool above = pagestate_above(page, bytes_of(size));
	enum platform_result r = PLATFORM_OK;

	*taken = 0;
	for (unsigned vmpl = above ? VMPL_SVSM + 1 : guestpage_vmpl;
	     vmpl < VMPL_COUNT && r == PLATFORM_OK; vmpl++) {
		r = platform->guest_rights(page, size, vmpl, 0);
		*taken += r == PLATFORM_OK;
	}
	if (r == PLATFORM_OK && above)
		pagestate_set_above(held, page, bytes_of(size), false);
	return r;
}

static void give_back(struct pages_locked held, gpa_t page, enum platform_size size,
		      const char *what)
{
	if (grant(held, page, size) != PLATFORM_OK)
		broken(held, page, size, what);
}

/*
 * Takes the rights of every VMPL but the SVSM's, as revoke_all() does. When that fails half way,
 * the guest gets its rights back.
 */
static enum platform_result take(struct pages_locked held, gpa_t page, enum platform_size size,
				 const char *what)
{
	unsigned taken;
	enum platform_result r = revoke_all(held, page, size, &taken);

	if (r != PLATFORM_OK && taken)
		give_back(held, page, size, what);
	return r;
}

static void undo_validation(struct pages_locked held, gpa_t page, enum platform_size size)
{
	unsigned taken;

	if (revoke_all(held, page, size, &taken) != PLATFORM_OK ||
	    platform->page_release(page, size) != PLATFORM_OK)
		broken(held, page, size, "undoing a validation");
}

bool guestpage_is(gpa_t page, enum platform_size size, bool valid)
{
	return all_in(page, size, valid ? PAGE_VALID : PAGE_INVALID);
}

/*
 * The page is zeroed whatever the host had in it (58019 does not ask for that): it may hold a page
 * of the SVSM that the host has moved there. The platform has evicted stale lines before that.
 */
enum platform_result guestpage_validate(struct pages_locked held, gpa_t page,
					enum platform_size size)
{
	enum platform_result r = check(page, size, PAGE_INVALID, PAGE_VALID);

	if (r != PLATFORM_OK)
		return r;
	r = platform->page_accept(page, size);
	if (r != PLATFORM_OK)
		return r;
	r = guest_zero(page, bytes_of(size)) ? grant(held, page, size) : PLATFORM_FAULT;
	if (r == PLATFORM_OK)
		set_all(held, page, size, PAGE_VALID);
	else
		undo_validation(held, page, size);
	return r;
}

/*
 * The rights go first (58019, 6.2). The RMP entry keeps them, so the guest would have them at once
 * when the page is validated again, unless the host has touched the entry. This way the next
 * validation finds no rights, whatever the host does.
 */
enum platform_result guestpage_rescind(struct pages_locked held, gpa_t page,
				       enum platform_size size)
{
	enum platform_result r = check(page, size, PAGE_VALID, PAGE_INVALID);

	if (r != PLATFORM_OK)
		return r;
	r = take(held, page, size, "undoing a rescission");
	if (r != PLATFORM_OK)
		return r;
	r = platform->page_release(page, size);
	if (r == PLATFORM_OK)
		set_all(held, page, size, PAGE_INVALID);
	else
		give_back(held, page, size, "undoing a rescission");
	return r;
}

enum platform_result guestpage_seal(struct pages_locked held, gpa_t page)
{
	enum platform_result r;

	if (pagestate_get(page) != PAGE_VALID)
		return PLATFORM_INVALID;
	r = take(held, page, PLATFORM_4K, "undoing a seal");
	if (r == PLATFORM_OK)
		pagestate_set(held, page, PAGE_VMSA);
	return r;
}

enum platform_result guestpage_make_vmsa(gpa_t page)
{
	return platform->vcpu->create(page, guestpage_vmpl);
}

enum platform_result guestpage_flush(void)
{
	return platform->guest_flush();
}

/*
 * The page is a VMSA already, so this changes nothing. What counts is the instant at which it comes
 * back: platform/vcpu.h, create.
 */
enum platform_result guestpage_vmsa_barrier(gpa_t page)
{
	return guestpage_make_vmsa(page);
}

/*
 * vcpu->remove makes a VMSA an ordinary page. When it fails, nothing has changed; once it has
 * worked, a failure breaks the page.
 */
enum platform_result guestpage_unseal(struct pages_locked held, gpa_t page, bool vmsa)
{
	enum platform_result r = PLATFORM_OK;

	if (vmsa)
		r = platform->vcpu->remove(page, guestpage_vmpl);
	if (r != PLATFORM_OK)
		return r;
	r = grant(held, page, PLATFORM_4K);
	if (r == PLATFORM_OK)
		pagestate_set(held, page, PAGE_VALID);
	else
		broken(held, page, PLATFORM_4K, "giving back a VMSA");
	return r;
}

enum platform_result guestpage_deposit(struct pages_locked held, gpa_t page,
				       enum platform_size size)
{
	enum platform_result r;

	if (!all_in(page, size, PAGE_VALID))
		return all_plain(page, size) && size == PLATFORM_2M ? PLATFORM_SIZEMISMATCH
								    : PLATFORM_INVALID;
	r = take(held, page, size, "undoing a deposit");
	if (r == PLATFORM_OK)
		set_all(held, page, size, PAGE_DEPOSITED);
	return r;
}

enum platform_result guestpage_withdraw(struct pages_locked held, gpa_t page)
{
	enum platform_result r;

	if (pagestate_get(page) != PAGE_DEPOSITED)
		return PLATFORM_INVALID;
	r = guest_zero(page, PAGE_SIZE) ? grant(held, page, PLATFORM_4K) : PLATFORM_FAULT;
	if (r == PLATFORM_OK)
		pagestate_set(held, page, PAGE_VALID);
	else
		broken(held, page, PLATFORM_4K, "a withdrawal");
	return r;
}

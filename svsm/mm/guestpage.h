/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Changes of a guest page's state, each prepared (state checked, hardware asked) and then committed
 * (state written), or undone. What PVALIDATE, RMPADJUST and the state map must agree on is here.
 *
 * `held` is the lock of the page's region. Results are platform_result:
 *   PLATFORM_INVALID       the page is not the guest's to change that way
 *   PLATFORM_NO_CHANGE     it is in that state already; nothing was done
 *   PLATFORM_SIZEMISMATCH  a 2M page that is not one: ask for 4K
 *   others                 the hardware's; the page is as before, or BROKEN if that failed too.
 *                          As before: rights that the guest itself has given to VMPLs below its own
 *                          may be gone, which it can give again.
 *
 * A newly validated page is zeroed before the guest gets rights to it: the host could have moved a
 * page that held the SVSM's secrets to this address, and PVALIDATE would accept it. The pages
 * validated at boot need no zeroing: see boot/guest_ram.c.
 */
#include "base/addr.h"
#include "mm/pagestate.h"
#include "platform/platform.h"

/* Which VMPL the guest runs at: 1..3. Set once, before it starts. "The guest's rights" are all of
 * them (RMP_RWX), for this VMPL and every more privileged one but the SVSM's: 58019, 6.2. */
extern unsigned guestpage_vmpl;

/* Is all of it the guest's plain memory, validated or not? Region locked. */
bool guestpage_is(gpa_t page, enum platform_size size, bool valid);

enum platform_result guestpage_validate(struct pages_locked held, gpa_t page,
					enum platform_size size);
enum platform_result guestpage_rescind(struct pages_locked held, gpa_t page,
				       enum platform_size size);

/* VALID -> VMSA: nobody below VMPL0 has rights to it any more. Once the guest runs, the caller
 * ends the translations that still carry them (task/vmsa_flush.h); then it checks the content, ...
 */
enum platform_result guestpage_seal(struct pages_locked held, gpa_t page);
/* ... and it becomes a VMSA page that the guest may read, */
enum platform_result guestpage_make_vmsa(gpa_t page);
/* ... or goes back to the guest: from sealed or, with vmsa, from a VMSA that does not run. */
enum platform_result guestpage_unseal(struct pages_locked held, gpa_t page, bool vmsa);
/* Drops the translations of all VMPLs on all CPUs. PLATFORM_UNSUPPORTED: cannot be had here. */
enum platform_result guestpage_flush(void);

/* Changes nothing of a VMSA page, and is done at an instant at which the VMSA does not run. */
enum platform_result guestpage_vmsa_barrier(gpa_t page);

/* VALID -> DEPOSITED (no rights below VMPL0) and back (zeroed). Not flushed: whoever puts something
 * into deposited memory does that first. */
enum platform_result guestpage_deposit(struct pages_locked held, gpa_t page,
				       enum platform_size size);
enum platform_result guestpage_withdraw(struct pages_locked held, gpa_t page);

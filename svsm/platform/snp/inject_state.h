/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Alternate injection in a guest's VMSA: the first half of platform/inject.h, and what the second
 * half needs of it. */
#include "abi/ghcb.h"
#include "platform/inject.h"

bool inject_state_leave(gpa_t page, struct inject_state *s);
bool inject_state_enter(gpa_t page, struct inject_state *s);
/* A VMSA that never ran: nothing to be taken, whatever the guest has written there, but its task
 * priority. */
bool inject_state_blank(gpa_t page);
/* From now on it has no alternate injection. *flags: GHCB_ALT_INJ_*, what the hypervisor has to
 * know of it. False: the page cannot be reached. */
bool inject_state_off(gpa_t page, uint64_t *flags);
void inject_state_on(gpa_t page); /* undoes it */

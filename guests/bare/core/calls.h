/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Tables of core calls: AMD's SVSM specification (58019), chapter 6. */
#include "bare/lib/svsm.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/scope.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"

#define CORE(call) SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_##call)

/* A row: a call and what RAX must be. Rows that fail must also leave RCX, RDX, R8 and R9 alone. */
struct call_row {
	const char *name;
	uint64_t call, rcx, rdx, r8, r9;
	uint64_t result;
};
void calls_run(const struct call_row *row, unsigned n);
/* Does the SVSM say that it has this protocol in version 1? (6.7) */
bool calls_has_protocol(uint32_t protocol);

/*
 * An answer where 58019 leaves two: the SVSM of this project gives the first one, a conformance
 * image takes the second one as well.
 */
#define CHECK_ANSWER(rax, ours, also)                                                              \
	({                                                                                         \
		uint64_t r_ = (rax);                                                               \
		!scope_own() && r_ == (also) ? CHECK_EQ(r_, also) : CHECK_EQ(r_, ours);            \
	})

/* Addresses that every call must refuse: the SVSM's, no RAM, bits that no address has, shared. */
struct bad_address {
	const char *name;
	uint64_t gpa; /* page aligned */
	bool svsm;    /* the SVSM's own: it need not fault there */
};
/* The list ends with name NULL, and lasts until the next call. */
const struct bad_address *calls_bad_addresses(void);
/* A page that is guest RAM and not validated (the loader leaves some). */
uint64_t calls_unvalidated(void);

/* The pages of region n are validated and readable: what a test must leave behind. */
bool calls_region_intact(unsigned n);
/* Makes region n one validated 2M page again, in the RMP too: 4K entries stay 4K until the
 * hypervisor takes the region as shared and gives it back. Contents are lost. */
bool calls_region_fresh(unsigned n);
/* The same for a test that can do nothing without: skipped where the host backs no 2M page with
 * one (it may), failed where that is not why. */
void calls_need_fresh(unsigned n);

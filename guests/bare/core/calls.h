/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Tables of core calls: AMD's SVSM specification (58019), chapter 6. */
#include "bare/lib/svsm.h"
#include "bare/lib/mem.h"
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

/* Addresses that every call must refuse: the SVSM's, no RAM, bits that no address has, shared. */
struct bad_address {
	const char *name;
	uint64_t gpa; /* page aligned */
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

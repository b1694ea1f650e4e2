/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Memory accesses that may fault (mm/copy.S), and the table that turns a fault into a return
 * value. Each returns 0, or -1 when the page was not there. The exception handler finds the
 * instruction in the fault table, puts -1 into RAX and goes on at the fix-up address.
 */
#include "base/types.h"

int fault_copy(void *dst, const void *src, size_t len);
int fault_zero(void *dst, size_t len);
int fault_read8(const void *p, uint8_t *v);
int fault_read64(const void *p, uint64_t *v);
int fault_write8(void *p, uint8_t v);
int fault_write64(void *p, uint64_t v);
int fault_and64(void *p, uint64_t v); /* atomic, as the next one */
int fault_or64(void *p, uint64_t v);

struct fault_entry {
	uint64_t at;    /* address of the instruction that may fault */
	uint64_t fixup; /* where to go on */
};

/* For inline assembler: the instruction at local label 1 may fault; go on at label 2. */
#define FAULT_ENTRY                                                                                \
	".pushsection .fault_table, \"a\"\n"                                                       \
	".quad 1b, 2b\n"                                                                           \
	".popsection\n"

/* The fix-up address for a fault at rip; 0 when there is none. */
uint64_t fault_fixup(uint64_t rip);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What svsm/user expects from the kernel and the processor, for tests on the host: pages that the
 * address sanitizer watches, a walker of its own over a process's page tables, and user_copy_* by
 * it.
 */
#include "user/process.h"

#define FAKE_CBIT   BIT(51)
#define FAKE_KERNEL 0x1234567890abcdefull /* in every entry of the kernel's half */
#define FAKE_HELD   BIT(9)                /* space.c: mapped, with rights or without */

extern size_t fake_pages;     /* taken and not given back */
extern size_t fake_fail_at;   /* the n-th page from now is not to be had; 0: all are */
extern uint64_t fake_flushed; /* bytes that space_flush was asked for */
extern unsigned fake_lines;   /* in the log */
extern char fake_line[256];   /* the last one */
extern bool fake_no_random;

/* The leaf entry of va as a processor would find it (present or not), 0: no table. Checks on the
 * way that every table is private and open to ring 3. */
uint64_t fake_leaf(const struct space *s, uint64_t va);
/* The byte behind it, NULL unless it can be reached with that right (SPACE_*). */
uint8_t *fake_byte(const struct space *s, uint64_t va, unsigned right);

/* Checks that no leaf is writable and executable, none lacks U or C, none lies outside the user's
 * range, and that the counts are right. Returns the number of leaves. */
unsigned fake_check_space(const struct space *s);

/* user_copy_in and _out go to this space. */
extern struct space *fake_loaded;

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Texts and lists of words, which a command line for QEMU is made of. Memory comes from malloc and
 * belongs to the caller; running out of it ends the program with exit code 3.
 */
#include "base/types.h"

char *str(const char *fmt, ...) PRINTF(1, 2);
char *str_dup(const char *s);
void *mem_alloc(size_t size);         /* zeroed, never NULL */
void *mem_grow(void *p, size_t size); /* realloc, never NULL */

/* A growable NULL-terminated list; it owns copies. */
struct strlist {
	char **v;
	size_t n;
};

void strlist_add(struct strlist *l, const char *s);
void strlist_addf(struct strlist *l, const char *fmt, ...) PRINTF(2, 3);
void strlist_free(struct strlist *l);
/* One line a shell reads back as the same words (malloc'ed). */
char *strlist_shell(const struct strlist *l);

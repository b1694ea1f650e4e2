/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Small helpers of the harness: strings, lists of strings, files, time. Memory comes from malloc
 * and belongs to the caller; running out of it ends the program with exit code 3.
 */
#include "base/types.h"

char *str(const char *fmt, ...) PRINTF(1, 2);
char *str_dup(const char *s);
/* In place: everything but printable ASCII becomes '?', a tab a blank. For what a target sent. */
char *str_ascii(char *s);
void *mem_alloc(size_t size);         /* zeroed, never NULL */
void *mem_grow(void *p, size_t size); /* realloc, never NULL */

/* "keelson: ..." on stderr, one line. */
void problem(const char *fmt, ...) PRINTF(1, 2);

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

uint64_t now_ms(void); /* monotonic milliseconds */

bool file_exists(const char *path);
int64_t file_size(const char *path);                 /* bytes, -1 when it cannot be told */
char *file_text(const char *path, size_t *size);     /* whole file, NUL-terminated; NULL on error */
bool file_write(const char *path, const char *text); /* atomic: written beside it, then renamed */
bool file_sha256(const char *path, char hex[65]);

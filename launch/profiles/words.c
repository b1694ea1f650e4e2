/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Texts and lists of words: the contract is in words.h. The launcher and the harness call it. It
 * must never return NULL: running out of memory ends the program, because a host program that is
 * out of memory can do nothing useful.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "launch/profiles/words.h"

#define EXIT_HOST 3 /* the exit code for the host's troubles: README */

NORETURN static void no_memory(void)
{
	fputs("keelson: out of memory\n", stderr);
	exit(EXIT_HOST);
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		no_memory();
	return p;
}

void *mem_grow(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		no_memory();
	return p;
}

char *str_dup(const char *s)
{
	return str("%s", s);
}

static char *str_va(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		no_memory();
	return s;
}

char *str(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = str_va(fmt, ap);
	va_end(ap);
	return s;
}

static void strlist_take(struct strlist *l, char *s)
{
	l->v = mem_grow(l->v, (l->n + 2) * sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strlist_add(struct strlist *l, const char *s)
{
	strlist_take(l, str_dup(s));
}

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strlist_take(l, str_va(fmt, ap));
	va_end(ap);
}

void strlist_free(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){0};
}

#define SHELL_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"

/*
 * One word as a POSIX shell reads it back: in single quotes, unless every character of it is plain.
 */
static void shell_word(FILE *f, const char *s)
{
	if (*s && !s[strspn(s, SHELL_PLAIN)]) {
		fputs(s, f);
		return;
	}
	fputc('\'', f);
	for (; *s; s++)
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	fputc('\'', f);
}

char *strlist_shell(const struct strlist *l)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		no_memory();
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			fputc(' ', f);
		shell_word(f, l->v[i]);
	}
	fclose(f);
	return text;
}

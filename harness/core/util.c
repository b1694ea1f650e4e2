/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Small helpers that half of the harness uses: one line of complaint, a clock that never goes
 * back, whole files. Texts and lists of words are in launch/profiles/words.c, which launch/
 * needs too.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/core/util.h"

char *str_ascii(char *s)
{
	for (unsigned char *p = (unsigned char *)s; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = *p == '\t' ? ' ' : '?';
	return s;
}

/* What was printed before must stand before it, also where stdout is a file. */
void problem(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("keelson: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/*
 * The size is not asked for beforehand: files of /proc have none, and a log may grow while it
 * is read.
 */
char *file_text(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rbe");
	char *text = NULL;
	size_t have = 0, room = 0, n;

	if (!f)
		return NULL;
	do {
		if (room - have < 2) {
			room = room ? room * 2 : 65536;
			text = mem_grow(text, room);
		}
		n = fread(text + have, 1, room - have - 1, f);
		have += n;
	} while (n);
	if (ferror(f)) {
		fclose(f);
		free(text);
		return NULL;
	}
	fclose(f);
	text[have] = 0;
	if (size)
		*size = have;
	return text;
}

char *text_tail(char *text, unsigned lines)
{
	unsigned seen = 0;
	char *p = text + strlen(text);

	for (; p > text; p--)
		if (p[-1] == '\n' && *p && ++seen >= lines)
			break;
	return p;
}

bool file_sha256(const char *path, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE], buf[65536];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	FILE *f = fopen(path, "rbe");
	size_t n;
	bool ok = false;

	if (f) {
		ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
		while (ok && (n = fread(buf, 1, sizeof(buf), f)) > 0)
			ok = EVP_DigestUpdate(ctx, buf, n);
		ok = ok && !ferror(f) && EVP_DigestFinal_ex(ctx, digest, NULL);
		fclose(f);
	}
	for (int i = 0; ok && i < 32; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	EVP_MD_CTX_free(ctx);
	return ok;
}

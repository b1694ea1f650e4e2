/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Carries the TPM's permanent state from one run to the next, as a vTPM with a memory would do by
 * itself: `carry save FILE` and `carry restore FILE`. Seeds, persistent keys and NV come from the
 * file; PCRs, sessions and clocks stay those of this run, since they are what its firmware
 * measured. Test builds of the SVSM only, by their protocol (abi/vtpm.h).
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1() would link all of libcrypto */
#include <errno.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/svsmtest.h"
#include "lib/crc32.h"
#include "services/vtpm/snapshot.h"
#include "tools/external.h"

#define ROOM (1 << 20)

/* libtpms ties a volatile state to its permanent one: the three primary seeds stand near the end of
 * the one as they stand in the other, each a TPM2B of 64 bytes. The SHA-1 of all before it ends a
 * volatile state. */
#define SEED     64
#define TIE      (3 * (2 + SEED))
#define TIE_NEAR 1024

struct state {
	uint32_t len;
	uint8_t bytes[ROOM];
};

static struct state now, then, mixed;

/* What svsmtest.c has to complain about. */
void external_fail(const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "carry: %s: ", where);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

static bool problem(const char *path)
{
	fprintf(stderr, "carry: %s: %s\n", path, strerror(errno));
	return false;
}

/* The header, where the lengths in it are those of the bytes behind it. */
static bool head_of(const struct state *s, struct snapshot_head *head)
{
	uint32_t rest = s->len - (uint32_t)sizeof(*head);

	if (s->len < sizeof(*head))
		return false;
	memcpy(head, s->bytes, sizeof(*head));
	return head->permanent_len <= rest && head->volatile_len == rest - head->permanent_len;
}

static void sum(uint8_t *data, size_t len)
{
	SHA_CTX c;

	SHA1_Init(&c);
	SHA1_Update(&c, data, len - SHA_DIGEST_LENGTH);
	SHA1_Final(data + len - SHA_DIGEST_LENGTH, &c);
}

static bool is_seed(const uint8_t *at)
{
	return at[0] == 0 && at[1] == SEED;
}

/* Where the tie is in a state whose header is right; NULL: there is none. */
static uint8_t *tie_of(struct state *s, const struct snapshot_head *head)
{
	uint8_t *end = s->bytes + s->len, *from = end - MIN(head->volatile_len, TIE_NEAR);

	for (uint8_t *at = end - MIN(head->volatile_len, TIE); at > from; at--)
		if (is_seed(at) && is_seed(at + 2 + SEED) && is_seed(at + 2 * (2 + SEED)) &&
		    memmem(s->bytes + sizeof(*head), head->permanent_len, at, TIE))
			return at;
	return NULL;
}

/* The permanent part of one state and the volatile part of another, which is not changed but for
 * its tie and sum; false: they are no states. */
static bool mix(struct state *permanent, struct state *transient, struct state *to)
{
	struct snapshot_head p, head;
	uint8_t *at = to->bytes + sizeof(head), *from, *tie;

	if (!head_of(permanent, &p) || !head_of(transient, &head) ||
	    p.permanent_len > ROOM - sizeof(head) - head.volatile_len)
		return false;
	from = tie_of(permanent, &p);
	tie = tie_of(transient, &head);
	if (!from || !tie)
		return false;
	memcpy(tie, from, TIE);
	sum(transient->bytes + sizeof(head) + head.permanent_len, head.volatile_len);
	memcpy(at, permanent->bytes + sizeof(p), p.permanent_len);
	memcpy(at + p.permanent_len, transient->bytes + sizeof(head) + head.permanent_len,
	       head.volatile_len);
	head.permanent_len = p.permanent_len;
	head.crc = crc32_update(0, at, head.permanent_len + head.volatile_len);
	memcpy(to->bytes, &head, sizeof(head));
	to->len = (uint32_t)sizeof(head) + head.permanent_len + head.volatile_len;
	return true;
}

static bool save(const char *path)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fwrite(now.bytes, 1, now.len, f) == now.len;

	if (f && fclose(f) != 0)
		ok = false;
	return ok || problem(path);
}

static bool restore(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return problem(path);
	then.len = (uint32_t)fread(then.bytes, 1, ROOM, f);
	fclose(f);
	if (!mix(&then, &now, &mixed)) {
		fprintf(stderr, "carry: %s: not the state of a TPM\n", path);
		return false;
	}
	return svsmtest_restore(mixed.bytes, mixed.len);
}

int main(int argc, char **argv)
{
	bool saving = argc == 3 && strcmp(argv[1], "save") == 0;

	if (!saving && (argc != 3 || strcmp(argv[1], "restore") != 0)) {
		fputs("usage: carry save|restore FILE\n", stderr);
		return 2;
	}
	if (!svsmtest_open())
		return 1;
	now.len = svsmtest_snapshot(now.bytes, ROOM);
	return now.len && (saving ? save(argv[2]) : restore(argv[2])) ? 0 : 1;
}

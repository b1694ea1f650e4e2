/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The decoder of MOV and MOVZX against binutils' objdump: length and operands of generated
 * instructions, the same ones on every run, and that no byte behind those given is read.
 *
 * objdump reads one file. Behind each instruction stand 14 prefixes and a NOP, where it is back in
 * step whatever it made of the bytes before.
 *
 * sources: svsm/lib/insn/move.c svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c
 * sources: tests/native/insn_case.c tests/native/objdump.c tests/native/objdump_move.c
 */
#include "lib/insn/move.h"
#include "tests/native/check.h"
#include "tests/native/insn_case.h"
#include "tests/native/objdump.h"
#include "tests/native/objdump_move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES  60000
#define FILLER 15

static struct test {
	struct insn_case bytes; /* the decoder's; what follows them is filler */
	unsigned at, left_out;  /* where the judge's lie in its file; bytes that it does not get */
	struct insn_move want;
} tests[CASES];

/* LOCK, F2, F3: none of ours. */
static bool refused(const struct insn_case *i)
{
	unsigned end = insn_case_opcode(i, INSN_MODE64);

	for (unsigned at = 0; at < end; at++)
		if (i->b[at] == 0xf0 || i->b[at] == 0xf2 || i->b[at] == 0xf3)
			return true;
	return false;
}

static unsigned next_test;

static void judge(unsigned long at, unsigned length, char *text)
{
	struct test *t = &tests[next_test];

	if (next_test == CASES || at != t->at)
		return;
	next_test++;
	length += t->left_out;
	if (text)
		t->want = objdump_read_move(text);
	if (t->want.length)
		t->want.length = length > INSN_MAX || refused(&t->bytes) ? 0 : (uint8_t)length;
}

static void write_cases(const char *path)
{
	FILE *f = fopen(path, "wb");
	uint32_t seed = 4711;

	for (unsigned n = 0; n < CASES; n++) {
		struct insn_case i = tests[n].bytes = insn_case_make_move(&seed);

		tests[n].at = (unsigned)ftell(f);
		tests[n].left_out = insn_case_for_judge(&i, INSN_MODE64);
		fwrite(i.b, 1, i.n, f);
		for (unsigned k = 1; k < FILLER; k++)
			fputc(0x2e, f);
		fputc(0x90, f);
	}
	fclose(f);
}

static bool same(const struct insn_move *got, const struct insn_move *want)
{
	uint64_t bits = got->address == 8 ? ~0ull : 0xffffffff;
	bool fs_gs = got->segment == INSN_FS || got->segment == INSN_GS;

	if (!got->length || !want->length)
		return got->length == want->length;
	return got->length == want->length && got->store == want->store &&
	       got->is_immediate == want->is_immediate && got->immediate == want->immediate &&
	       got->width == want->width && got->reg_width == want->reg_width &&
	       got->reg == want->reg && got->high == want->high && got->base == want->base &&
	       got->index == want->index &&
	       (got->index == INSN_NO_REG || got->scale == want->scale) &&
	       (fs_gs ? got->segment : INSN_DS) == want->segment &&
	       !(((uint64_t)got->displacement ^ (uint64_t)want->displacement) & bits);
}

static unsigned seen[2]; /* loads, stores */

static bool compare(struct test *t)
{
	struct insn_move got;

	while (t->bytes.n < INSN_CASE)
		t->bytes.b[t->bytes.n++] = 0x2e;
	got = decode_move(t->bytes.b, t->bytes.n);
	seen[got.store] += got.length != 0;
	if (same(&got, &t->want))
		return true;
	for (unsigned k = 0; k < t->bytes.n; k++)
		fprintf(stderr, "%02x%s", t->bytes.b[k], k + 1 < t->bytes.n ? " " : "\n");
	CHECK_EQ(got.length, t->want.length);
	CHECK_MEM(&got, &t->want, sizeof(got));
	return false;
}

TEST(as_objdump_has_it)
{
	char path[] = "/tmp/move.XXXXXX";
	unsigned wrong = 0;
	int fd;

	if (system("objdump --version >/dev/null 2>&1")) {
		check_skip("there is no objdump");
		return;
	}
	fd = mkstemp(path);
	CHECK(fd >= 0);
	write_cases(path);
	CHECK(objdump_lines("i386:x86-64", path, judge));
	CHECK_EQ(next_test, CASES); /* it was in step at each of them */
	for (unsigned n = 0; n < CASES && wrong < 10; n++)
		wrong += !compare(&tests[n]);
	close(fd);
	unlink(path);
	CHECK(seen[0] >= 5000);
	CHECK(seen[1] >= 5000);
}

/* malloc'ed to the byte, so that the sanitizer sees a read behind it. */
TEST(cut_short_it_is_unknown)
{
	uint32_t seed = 4711;

	for (unsigned c = 0; c < CASES / 10; c++) {
		struct insn_case i = insn_case_make_move(&seed);
		unsigned length = decode_move(i.b, i.n).length;

		for (unsigned n = 0; n <= i.n; n++) {
			uint8_t *cut = memcpy(malloc(n ? n : 1), i.b, n);

			CHECK_EQ(decode_move(cut, n).length, n < length ? 0 : length);
			free(cut);
		}
	}
}

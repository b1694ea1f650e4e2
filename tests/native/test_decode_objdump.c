/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The instruction decoder against binutils' objdump: length, kind and operands of generated
 * instructions, the same ones on every run, in 16-, 32- and 64-bit mode. And for each of them: what
 * is cut short is unknown, and no byte behind those given is read. insn_case.h and objdump.h say
 * where objdump is no judge.
 *
 * It reads one file a mode. Behind each instruction stand 14 prefixes and a NOP, where it is back
 * in step whatever it made of the bytes before.
 *
 * sources: svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c
 * sources: tests/native/insn_case.c tests/native/objdump.c
 */
#include "tests/native/check.h"
#include "tests/native/insn_case.h"
#include "tests/native/objdump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CASES  40000 /* a mode */
#define FILLER 15

static const struct mode {
	enum insn_mode mode;
	const char *name, *objdump;
} modes[] = {
	{INSN_MODE64, "64", "i386:x86-64"},
	{INSN_MODE32, "32", "i386"},
	{INSN_MODE16, "16", "i8086"},
};

struct test {
	struct insn_case bytes;      /* the decoder's */
	unsigned at;                 /* where the judge's lie in its file */
	unsigned left_out;           /* bytes that the judge does not get */
	struct objdump_verdict want; /* the judge's */
	bool judged;
};

static struct test tests[CASES];

static void write_case(FILE *f, struct test *t, enum insn_mode mode)
{
	struct insn_case i = t->bytes;

	t->at = (unsigned)ftell(f);
	t->left_out = insn_case_for_judge(&i, mode);
	fwrite(i.b, 1, i.n, f);
	for (unsigned k = 1; k < FILLER; k++)
		fputc(0x2e, f);
	fputc(0x90, f);
}

static void write_cases(const char *path, const struct mode *m, uint32_t seed)
{
	FILE *f = fopen(path, "wb");

	for (unsigned n = 0; n < CASES; n++) {
		tests[n] = (struct test){.bytes = insn_case_make(&seed, m->mode)};
		write_case(f, &tests[n], m->mode);
	}
	fclose(f);
}

static unsigned next_test;
static enum insn_mode mode_at_hand;

static void judge(unsigned long at, unsigned length, char *text)
{
	struct test *t = &tests[next_test];
	unsigned whole = length + t->left_out;

	if (next_test == CASES || at != t->at)
		return;
	next_test++;
	t->judged = true;
	t->want = text ? objdump_read(text, mode_at_hand) : (struct objdump_verdict){.bad = true};
	if (t->want.i.kind == INSN_UNKNOWN)
		return;
	t->want.i.length = (uint8_t)whole;
	if (whole > INSN_MAX)
		t->want.i = (struct insn){.kind = INSN_TOO_LONG};
}

static void ask(const char *path, const struct mode *m)
{
	next_test = 0;
	mode_at_hand = m->mode;
	CHECK(objdump_lines(m->objdump, path, judge));
	CHECK_EQ(next_test, CASES); /* it was in step at each of them */
}

/* All the bytes that objdump has seen of it: the instruction may end in the filler. */
static struct insn_case whole(const struct test *t)
{
	struct insn_case all = t->bytes;

	while (all.n < INSN_CASE)
		all.b[all.n++] = 0x2e;
	return all;
}

/* No instruction at all may end before this many bytes of it. */
static unsigned least(const struct insn_case *i, enum insn_mode mode)
{
	unsigned at = insn_case_opcode(i, mode);

	if (at + 1 >= i->n || i->b[at] != 0x0f)
		return at + 1;
	return at + (i->b[at + 1] == 0x01 ? 3 : 2);
}

/* RMPADJUST and RMPQUERY, which the judge does not know outside 64-bit mode: there they are #UD. */
static bool is_rmp(const struct insn_case *i, enum insn_mode mode)
{
	const uint8_t *op = i->b + insn_case_opcode(i, mode);

	return mode != INSN_MODE64 && op[0] == 0x0f && op[1] == 0x01 &&
	       (op[2] == 0xfd || op[2] == 0xfe);
}

static bool agree(const struct test *t, const struct insn *got, enum insn_mode mode)
{
	const struct insn *want = &t->want.i;

	if (got->kind == INSN_UNDEFINED && t->want.bad)
		return is_rmp(&t->bytes, mode);
	if (want->kind == INSN_UNKNOWN)
		return got->kind ==
		       (least(&t->bytes, mode) > INSN_MAX ? INSN_TOO_LONG : INSN_UNKNOWN);
	return got->kind == want->kind && got->length == want->length &&
	       got->address == want->address && got->reg == want->reg && got->rm == want->rm &&
	       got->width == want->width && got->port == want->port &&
	       got->segment == want->segment && got->by_dx == want->by_dx &&
	       got->repeat == want->repeat;
}

static void show(const struct test *t, const struct mode *m)
{
	char hex[2 * INSN_CASE + 1];

	for (unsigned k = 0; k < t->bytes.n; k++)
		snprintf(hex + 2 * k, 3, "%02x", t->bytes.b[k]);
	check_context("%s-bit mode, %s", m->name, hex);
}

static unsigned seen[INSN_OUTS + 1], rewritten;

static bool compare(const struct test *t, const struct mode *m)
{
	struct insn_case all = whole(t);
	struct insn got = decode_insn(all.b, all.n, m->mode);

	seen[got.kind]++;
	rewritten += t->left_out != 0;
	if (agree(t, &got, m->mode))
		return true;
	show(t, m);
	CHECK_EQ(got.kind, t->want.i.kind);
	CHECK_EQ(got.length, t->want.i.length);
	CHECK_EQ(got.address, t->want.i.address);
	CHECK_EQ(got.reg, t->want.i.reg);
	CHECK_EQ(got.rm, t->want.i.rm);
	CHECK_EQ(got.width, t->want.i.width);
	CHECK_EQ(got.port, t->want.i.port);
	CHECK_EQ(got.segment, t->want.i.segment);
	CHECK_EQ(got.by_dx, t->want.i.by_dx);
	CHECK_EQ(got.repeat, t->want.i.repeat);
	CHECK(false);
	return false;
}

TEST(as_objdump_has_it)
{
	char path[] = "/tmp/insn.XXXXXX";
	int fd;

	if (system("objdump --version >/dev/null 2>&1")) {
		check_skip("there is no objdump");
		return;
	}
	fd = mkstemp(path);
	CHECK(fd >= 0);
	for (unsigned k = 0; k < ARRAY_LEN(modes); k++) {
		unsigned wrong = 0;

		write_cases(path, &modes[k], 12 + k);
		ask(path, &modes[k]);
		for (unsigned n = 0; n < CASES && wrong < 10; n++)
			wrong += !compare(&tests[n], &modes[k]);
	}
	close(fd);
	unlink(path);
	/* Nothing was compared in vain: each kind was there, and what the judge was given was
	 * mostly what the decoder got. */
	for (unsigned k = 0; k < ARRAY_LEN(seen); k++) {
		check_context("kind %u", k);
		CHECK(seen[k] >= 50);
	}
	check_context("%u of %u", rewritten, (unsigned)ARRAY_LEN(modes) * CASES);
	CHECK(rewritten < ARRAY_LEN(modes) * CASES / 8);
}

/* ---- bounds ---- */

/* The last bytes of a page, behind which nothing is mapped. */
static uint8_t *end_of_memory(void)
{
	uint8_t *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	CHECK(p != MAP_FAILED);
	CHECK(!mprotect(p + PAGE_SIZE, PAGE_SIZE, PROT_NONE));
	return p + PAGE_SIZE;
}

TEST(no_byte_behind_those_given)
{
	uint8_t *end = end_of_memory();

	for (unsigned k = 0; k < ARRAY_LEN(modes); k++) {
		uint32_t seed = 12 + k;

		for (unsigned c = 0; c < CASES; c++) {
			struct test t = {.bytes = insn_case_make(&seed, modes[k].mode)};
			struct insn_case all = whole(&t);
			unsigned length = decode_insn(all.b, all.n, modes[k].mode).length;

			for (unsigned n = 0; n <= all.n; n++) {
				uint8_t *at = memcpy(end - n, all.b, n);
				struct insn i = decode_insn(at, n, modes[k].mode);

				if (length ? i.length == (n < length ? 0 : length) : !i.length)
					continue;
				show(&t, &modes[k]);
				CHECK_EQ(i.length, n);
				return;
			}
		}
	}
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Port I/O of the SVSM's own code by the GHCB: what the request says (APM vol. 2, 15.10.2; GHCB,
 * IOIO), how a string form moves through memory (APM vol. 3, INS and OUTS), and which memory it may
 * touch.
 *
 * sources: svsm/platform/snp/vc_io.c
 */
#include <string.h>
#include "base/x86.h"
#include "tests/native/check.h"
#include "mm/copy.h"
#include "mm/paging.h"
#include "platform/platform.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/vc_io.h"

#define CBIT    BIT(51)
#define MEMORY  (KERNEL_BASE + 0x100000) /* pages of the kernel's, as pages[] says */
#define PAGES   4
#define PRIVATE (PTE_P | PTE_W | PTE_NX | CBIT)

uint64_t platform_cbit = CBIT, paging_kernel_phys = 0x2000000;

static uint8_t memory[PAGES * PAGE_SIZE];
static uint64_t pages[PAGES];
static struct ghcb page;
static bool refuses, busy, everywhere;

/* What the hypervisor has seen: one request after the other, and all data. */
static struct request {
	uint64_t info1, info2;
} requests[64];
static unsigned asked;
static uint8_t seen[0x4000];
static size_t seen_len;
static uint8_t gives; /* what INS reads next; each byte is one more than the one before */

uint64_t paging_lookup(uint64_t va, uint64_t *size)
{
	CHECK(!size);
	CHECK(!(va & PAGE_MASK));
	return va >= MEMORY && va < MEMORY + sizeof(memory) ? pages[(va - MEMORY) / PAGE_SIZE]
	       : everywhere                                 ? PRIVATE
							    : 0;
}

static void *real(const void *p)
{
	uint64_t at = (uint64_t)p - MEMORY;

	return at < sizeof(memory) ? memory + at : (void *)p;
}

static bool mine(const void *p, size_t len)
{
	const uint8_t *at = real(p);

	return (at >= memory && at + len <= memory + sizeof(memory)) ||
	       (at >= page.buffer && at + len <= page.buffer + sizeof(page.buffer));
}

int fault_copy(void *dst, const void *src, size_t len)
{
	if (!mine(dst, len) || !mine(src, len)) {
		CHECK_EQ((uint64_t)dst, (uint64_t)src); /* a place that it must not touch */
		return -1;
	}
	memcpy(real(dst), real(src), len);
	return 0;
}

struct ghcb *ghcb_begin(void)
{
	return busy ? NULL : &page;
}

void ghcb_end(struct ghcb *g)
{
	CHECK(g == &page);
}

static bool rax_marked, scratch_marked;

void ghcb_mark(struct ghcb *g, size_t offset)
{
	CHECK(g == &page);
	rax_marked |= offset == offsetof(struct ghcb, rax);
	scratch_marked |= offset == offsetof(struct ghcb, scratch);
}

bool ghcb_marked(const struct ghcb *g, size_t offset)
{
	(void)g;
	return offset != offsetof(struct ghcb, rax) || rax_marked;
}

static void string(uint64_t info, size_t n)
{
	size_t width = info >> 4 & 7;

	CHECK(scratch_marked);
	CHECK_EQ(page.scratch, paging_pa(&page).v + offsetof(struct ghcb, buffer));
	CHECK(n * width <= GHCB_BUFFER_SIZE);
	CHECK(n == 1 || (info & IOIO_REP));
	for (size_t i = 0; i < n * width; i++)
		if (info & IOIO_IN)
			page.buffer[i] = gives++;
		else
			seen[seen_len++ % sizeof(seen)] = page.buffer[i];
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	CHECK(g == &page);
	CHECK_EQ(exit_code, GHCB_EXIT_IOIO);
	requests[asked++ % ARRAY_LEN(requests)] = (struct request){info1, info2};
	if (refuses)
		return PLATFORM_REFUSED;
	if (info1 & IOIO_STR)
		string(info1, info2);
	else if (info1 & IOIO_IN)
		page.rax = 0x1122334455667788;
	return PLATFORM_OK;
}

static void begin(void)
{
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 7 + i / PAGE_SIZE);
	for (unsigned i = 0; i < PAGES; i++)
		pages[i] = PRIVATE;
	memset(&page, 0, sizeof(page));
	refuses = busy = everywhere = rax_marked = scratch_marked = false;
	asked = 0;
	seen_len = 0;
	gives = 1;
}

static struct insn insn(enum insn_kind kind, uint8_t width)
{
	return (struct insn){.kind = kind,
			     .width = width,
			     .address = 8,
			     .by_dx = true,
			     .segment = kind == INSN_OUTS ? INSN_DS : 0};
}

/* ---- IN and OUT ---- */

TEST(in_and_out)
{
	static const struct {
		struct insn i;
		uint64_t info, sent, rax;
	} rows[] = {
		{{.kind = INSN_OUT, .width = 1, .address = 8, .port = 0x80}, 0x00800210, 0xfe, 0},
		{{.kind = INSN_OUT, .width = 2, .address = 8, .by_dx = true},
		 0x04020220,
		 0xdcfe,
		 0},
		{{.kind = INSN_OUT, .width = 4, .address = 4, .by_dx = true},
		 0x04020140,
		 0x98badcfe,
		 0},
		{{.kind = INSN_IN, .width = 1, .address = 8, .by_dx = true},
		 0x04020211,
		 0,
		 0x1032547698badc88},
		{{.kind = INSN_IN, .width = 2, .address = 8, .port = 0x71},
		 0x00710221,
		 0,
		 0x1032547698ba7788},
		{{.kind = INSN_IN, .width = 4, .address = 8, .by_dx = true},
		 0x04020241,
		 0,
		 0x55667788},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct frame f = {.rax = 0x1032547698badcfe, .rdx = 0x70402};

		begin();
		check_context("row %u", i);
		CHECK(vc_io(&f, &rows[i].i));
		CHECK_EQ(requests[0].info1, rows[i].info);
		if (rows[i].i.kind == INSN_OUT)
			CHECK_EQ(page.rax, rows[i].sent);
		CHECK_EQ(f.rax, rows[i].rax ? rows[i].rax : 0x1032547698badcfe);
		refuses = true;
		f.rax = 5;
		CHECK(!vc_io(&f, &rows[i].i));
		CHECK_EQ(f.rax, 5);
	}
}

/* ---- INS and OUTS ---- */

/* As the processor goes on: until RCX is 0, or a part fails. */
static bool run(struct frame *f, const struct insn *i, uint64_t base)
{
	do {
		if (!vc_io_string(f, i, base))
			return false;
	} while (i->repeat && insn_cut(i, f->rcx));
	return true;
}

TEST(one_element)
{
	struct insn out = insn(INSN_OUTS, 2), in = insn(INSN_INS, 4);
	struct frame f = {.rdx = 0x402, .rcx = 77, .rsi = MEMORY + 10, .rdi = MEMORY + 21};

	begin();
	CHECK(vc_io_string(&f, &out, 0));
	CHECK_EQ(requests[0].info1, 0x04020000 | IOIO_A64 | IOIO_STR | IOIO_SZ16 | 3 << 10);
	CHECK_EQ(requests[0].info2, 1);
	CHECK_MEM(seen, memory + 10, 2);
	CHECK_EQ(f.rsi, MEMORY + 12);
	CHECK(vc_io_string(&f, &in, 0));
	CHECK_EQ(requests[1].info1, 0x04020000 | IOIO_A64 | IOIO_STR | IOIO_SZ32 | IOIO_IN);
	CHECK_MEM(memory + 21, "\1\2\3\4", 4);
	CHECK_EQ(f.rdi, MEMORY + 25);
	CHECK_EQ(f.rcx, 77);
	CHECK_EQ(f.rsi, MEMORY + 12);
}

/* Every width, from every offset near the buffer's and the pages' ends, in both directions, against
 * a plain loop. */
static void compare(struct insn i, uint64_t start, uint64_t count, bool down)
{
	static uint8_t want[sizeof(memory)];
	int64_t step = down ? -(int64_t)i.width : i.width;
	struct frame f = {.rdx = 0x402,
			  .rcx = count,
			  .rsi = MEMORY + start,
			  .rdi = MEMORY + start,
			  .rflags = down ? RFLAGS_DF : 0};
	bool in = i.kind == INSN_INS;
	uint8_t next = 1;

	begin();
	memcpy(want, memory, sizeof(want));
	i.repeat = true;
	CHECK(run(&f, &i, 0));
	for (uint64_t k = 0; k < count; k++) {
		uint64_t at = start + (uint64_t)(step * (int64_t)k);

		for (unsigned b = 0; in && b < i.width; b++)
			want[at + b] = next++;
		if (!in && memcmp(seen + k * i.width, memory + at, i.width)) {
			CHECK_EQ(k, count);
			return;
		}
	}
	CHECK_MEM(memory, want, sizeof(want));
	CHECK_EQ(seen_len, in ? 0 : count * i.width);
	CHECK_EQ(f.rcx, 0);
	CHECK_EQ(in ? f.rdi : f.rsi, MEMORY + start + (uint64_t)(step * (int64_t)count));
	CHECK_EQ(in ? f.rsi : f.rdi, MEMORY + start);
}

TEST(every_way_through_memory)
{
	static const uint64_t counts[] = {1, 2, 3, 507, 508, 509, 1016, 1100};

	for (unsigned width = 1; width <= 4; width *= 2)
		for (unsigned c = 0; c < ARRAY_LEN(counts); c++)
			for (unsigned at = 0; at < 9; at++) {
				uint64_t up = PAGE_SIZE - 4 + at, down = 3 * PAGE_SIZE - 5 + at;

				check_context("width %u, count %lu, offset %u", width, counts[c],
					      at);
				compare(insn(INSN_OUTS, (uint8_t)width), up, counts[c], false);
				compare(insn(INSN_OUTS, (uint8_t)width), down, counts[c], true);
				compare(insn(INSN_INS, (uint8_t)width), up, counts[c], false);
				compare(insn(INSN_INS, (uint8_t)width), down, counts[c], true);
			}
}

TEST(nothing_to_do)
{
	struct insn i = insn(INSN_OUTS, 1);
	struct frame f = {.rsi = 8}; /* nor is the operand looked at */

	begin();
	i.repeat = true;
	CHECK(vc_io_string(&f, &i, 0));
	i.address = 4;
	f.rcx = 1ull << 32;
	CHECK(vc_io_string(&f, &i, 0));
	CHECK_EQ(f.rcx, 1ull << 32);
	CHECK_EQ(f.rsi, 8);
	CHECK_EQ(asked, 0);
}

/* An index of 32 bits goes on at 0, so what lies behind 4 GiB of the segment is not touched. */
TEST(address_size_and_segment)
{
	struct insn i = insn(INSN_OUTS, 1);
	struct frame f = {.rsi = 0x55fffffffe, .rcx = 0x6600000003};
	const uint64_t base = MEMORY - 0xfffffffe;

	begin();
	i.address = 4;
	i.segment = INSN_GS;
	i.repeat = true;
	CHECK(vc_io_string(&f, &i, base));
	CHECK_EQ(requests[0].info1, BIT(8) | IOIO_STR | IOIO_SZ8 | IOIO_REP | 5 << 10);
	CHECK_EQ(seen_len, 2);
	CHECK_MEM(seen, memory, 2);
	CHECK_EQ(f.rsi, 0);
	CHECK_EQ(f.rcx, 1);
	CHECK(!vc_io_string(&f, &i, base));

	begin();
	f = (struct frame){.rsi = 1, .rcx = 3, .rflags = RFLAGS_DF};
	CHECK(vc_io_string(&f, &i, MEMORY + 8));
	CHECK_EQ(seen_len, 2);
	CHECK_EQ(seen[0], memory[9]);
	CHECK_EQ(seen[1], memory[8]);
	CHECK_EQ(f.rsi, 0xffffffff);
	CHECK_EQ(f.rcx, 1);
}

/* A fault in the middle: what was done is done, and the registers name the access that failed. */
TEST(a_fault_in_the_middle)
{
	struct insn out = insn(INSN_OUTS, 4), in = insn(INSN_INS, 1);
	struct frame f = {.rsi = MEMORY + PAGE_SIZE - 10, .rcx = 9};

	begin();
	out.repeat = in.repeat = true;
	pages[1] = 0;
	CHECK(!run(&f, &out, 0));
	CHECK_EQ(f.rsi, MEMORY + PAGE_SIZE - 2); /* it crosses into the page that is not there */
	CHECK_EQ(f.rcx, 7);
	CHECK_EQ(seen_len, 8);

	begin();
	pages[0] = 0;
	f = (struct frame){.rdi = MEMORY + PAGE_SIZE + 2, .rcx = 9, .rflags = RFLAGS_DF};
	CHECK(!run(&f, &in, 0));
	CHECK_EQ(f.rdi, MEMORY + PAGE_SIZE - 1);
	CHECK_EQ(f.rcx, 6);
	CHECK_EQ(gives, 4); /* no byte was read for which there is no room */
	pages[0] = PRIVATE;
	CHECK(run(&f, &in, 0)); /* and it can be begun again there */
	CHECK_EQ(f.rcx, 0);
	CHECK_EQ(gives, 10);
	CHECK_EQ(memory[PAGE_SIZE - 6], 9);
}

/* Whatever the page tables say of them: the guest's map and a service's pages are in them, too. */
TEST(only_the_svsms_own_memory)
{
	static const uint64_t places[] = {
		0,
		0x401000,
		0x7fffffffffff,
		GUEST_MAP_BASE,
		KERNEL_BASE - 1,
		KERNEL_BASE + KERNEL_MAX - 1,
		KERNEL_BASE + KERNEL_MAX,
		0x8000000000000000,
		~0ull,
	};

	for (unsigned i = 0; i < ARRAY_LEN(places); i++)
		for (unsigned k = 0; k < 2; k++) {
			struct insn n = insn(k ? INSN_INS : INSN_OUTS, 2);
			struct frame f = {.rsi = places[i], .rdi = places[i]}, before = f;

			begin();
			everywhere = true;
			check_context("place %u", i);
			CHECK(!vc_io_string(&f, &n, 0));
			CHECK_MEM(&f, &before, sizeof(f));
			CHECK_EQ(asked, 0);
		}
}

TEST(rights_of_the_page)
{
	static const struct {
		uint64_t pte;
		bool out, in;
	} rows[] = {
		{PRIVATE, true, true},           {PRIVATE & ~PTE_NX, true, true},
		{PRIVATE & ~PTE_W, true, false}, /* text, read-only data */
		{PRIVATE & ~CBIT, false, false}, /* shared with the hypervisor */
		{PRIVATE | PTE_U, false, false}, {PRIVATE & ~PTE_P, false, false},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct insn out = insn(INSN_OUTS, 1), in = insn(INSN_INS, 1);
		struct frame f = {.rsi = MEMORY, .rdi = MEMORY};

		begin();
		check_context("row %u", i);
		pages[0] = rows[i].pte;
		CHECK_EQ(vc_io_string(&f, &out, 0), rows[i].out);
		CHECK_EQ(vc_io_string(&f, &in, 0), rows[i].in);
	}
}

TEST(a_refusal_changes_nothing)
{
	struct insn out = insn(INSN_OUTS, 1), in = insn(INSN_INS, 1);
	struct frame f = {.rsi = MEMORY, .rdi = MEMORY, .rcx = 5}, before = f;
	uint8_t first;

	begin();
	first = memory[0];
	in.repeat = out.repeat = true;
	refuses = true;
	CHECK(!vc_io_string(&f, &out, 0));
	CHECK(!vc_io_string(&f, &in, 0));
	busy = true;
	CHECK(!vc_io_string(&f, &out, 0));
	CHECK(!vc_io(&f, &(struct insn){.kind = INSN_IN, .width = 1}));
	CHECK_MEM(&f, &before, sizeof(f));
	CHECK_EQ(memory[0], first);
	CHECK_EQ(asked, 2);
}

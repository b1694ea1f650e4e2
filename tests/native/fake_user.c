/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* Pages, page tables and user copies for the tests of processes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/x86.h"
#include "tests/native/check.h"
#include "base/assert.h"
#include "mm/paging.h"
#include "cpu/random.h"
#include "user/usermode.h"
#include "tests/native/fake_user.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/timer.h"
#include "platform/platform.h"

size_t fake_pages, fake_fail_at;
uint64_t fake_flushed;
unsigned fake_lines;
char fake_line[256];
bool fake_no_random;
struct space *fake_loaded;
uint64_t platform_cbit = FAKE_CBIT;

/* ---- kernel ---- */

/* Counts pages, so that a test can see a leak, and fails at the call that fake_fail_at names. */
void *alloc_pages(unsigned order)
{
	void *p;

	if (fake_fail_at && --fake_fail_at == 0)
		return NULL;
	p = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
	fake_pages++;
	return memset(p, 0, PAGE_SIZE << order);
}

void alloc_pages_free(void *p, unsigned order)
{
	(void)order;
	fake_pages--;
	free(p);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(fake_line, sizeof(fake_line), fmt, ap);
	va_end(ap);
	fake_lines++;
}

void panic(const char *fmt, ...)
{
	fprintf(stderr, "panic: %s\n", fmt);
	abort();
}

uint64_t timer_uptime_ns(void)
{
	return 5000000123;
}

uint64_t timer_ns(uint64_t tsc)
{
	return tsc;
}

/* ---- processor ---- */

static void fake_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	(void)sub;
	for (unsigned i = 0; i < 4; i++)
		out[i] = leaf + i;
}

static const struct platform_ops fake = {.name = "fake", .cpuid = fake_cpuid};
const struct platform_ops *platform = &fake;

bool random_fill(void *to, size_t len)
{
	memset(to, 0x5a, len);
	return !fake_no_random;
}

uint64_t paging_kernel_phys = KERNEL_LINKED;

/* The kernel's half is a pattern: fake_check_space() finds a space that has written there. */
void paging_share(uint64_t *user_root)
{
	for (unsigned i = 256; i < 512; i++)
		user_root[i] = FAKE_KERNEL;
}

void space_flush(uint64_t va, uint64_t len)
{
	(void)va;
	fake_flushed += len;
}

void usermode_set_fs(const struct process *p)
{
	(void)p;
}

/*
 * Byte by byte, with the rights in the page tables of fake_loaded. False: a byte cannot be reached,
 * and those before it are copied.
 */
static bool copy(uint8_t *kernel, uint64_t va, size_t len, unsigned right)
{
	for (; len; len--, va++, kernel++) {
		uint8_t *user = fake_byte(fake_loaded, va, right);

		if (!user)
			return false;
		if (right == SPACE_W)
			*user = *kernel;
		else
			*kernel = *user;
	}
	return true;
}

bool user_copy_in(void *to, uint64_t va, size_t len)
{
	return copy(to, va, len, SPACE_R);
}

bool user_copy_out(uint64_t va, const void *from, size_t len)
{
	return copy((uint8_t *)from, va, len, SPACE_W);
}

/* ---- page tables: AMD APM vol. 2, figure 5-17 ---- */

static uint64_t *target(uint64_t entry)
{
	return paging_va(gpa(entry & 0x000ffffffffff000 & ~FAKE_CBIT));
}

/* Walks the tables independently of mm/ and user/, and finds an upper entry with wrong bits. */
uint64_t fake_leaf(const struct space *s, uint64_t va)
{
	uint64_t *t = s->root;

	if (va >> 47)
		return 0;
	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t e = t[va >> shift & 511];

		if (!(e & PTE_P))
			return 0;
		CHECK((e & (PTE_U | PTE_W | FAKE_CBIT)) == (PTE_U | PTE_W | FAKE_CBIT));
		t = target(e);
	}
	return t[va >> 12 & 511];
}

uint8_t *fake_byte(const struct space *s, uint64_t va, unsigned right)
{
	uint64_t e = fake_leaf(s, va);

	if (!(e & PTE_P) || (right & SPACE_W && !(e & PTE_W)) || (right & SPACE_X && e & PTE_NX))
		return NULL;
	return (uint8_t *)target(e) + (va & PAGE_MASK);
}

struct count {
	unsigned leaves, tables;
};

/*
 * What must hold of every user page: held by the space, user, private, and never both writable and
 * executable.
 */
static void check_leaf(uint64_t e, uint64_t va, struct count *c)
{
	if (!e)
		return;
	c->leaves++;
	CHECK(e & FAKE_HELD && e & PTE_U && e & FAKE_CBIT);
	CHECK(!(e & PTE_W) || e & PTE_NX);
	CHECK(!(e & (PTE_G | PTE_PS)));
	CHECK(va >= USER_BASE && va < USER_END);
}

static void check_table(const uint64_t *t, unsigned level, uint64_t va, struct count *c)
{
	c->tables++;
	for (uint64_t i = 0; i < (level == 3 ? 256 : 512); i++) {
		uint64_t at = va | i << (12 + 9 * level);

		if (!level)
			check_leaf(t[i], at, c);
		else if (t[i] & PTE_P)
			check_table(target(t[i]), level - 1, at, c);
	}
}

/*
 * Looks at every entry, and compares the count with what the space says it uses. Returns the number
 * of pages mapped.
 */
unsigned fake_check_space(const struct space *s)
{
	struct count c = {0, 0};

	check_table(s->root, 3, 0, &c);
	for (unsigned i = 256; i < 512; i++)
		CHECK_EQ(s->root[i], FAKE_KERNEL);
	CHECK(s->pages <= s->limit);
	CHECK(s->pages <= c.leaves + c.tables && s->pages >= c.tables);
	return c.leaves;
}

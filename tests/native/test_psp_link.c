/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The machine's end of the way to the security processor, on a fake port: what it sends, what it
 * takes for an answer, and that anything else is the link's end and not a wait. abi/psp_link.h.
 *
 * sources: launch/machine/hv/psp/link.c
 */
#include "tests/native/check.h"
#include "abi/uart.h"
#include "machine/host/isr.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/time.h"
#include "machine/hv/ap.h"
#include "machine/hv/irq.h"
#include "machine/hv/psp/link.h"
#include "machine/hv/psp/port.h"

#include <stdarg.h>
#include <string.h>

/* ---- the machine around it ---- */

static bool has_file = true;
static uint8_t keys[128], to_machine[65536], from_machine[65536];
static size_t to_have, to_taken, from_have;
static unsigned naps, served, lines;

void host_log(const char *fmt, ...)
{
	(void)fmt;
	lines++;
}

/* So fast that 120 s are over in some looks of 100 ms at most. */
uint64_t host_tsc_khz(void)
{
	return 1;
}

hpa_t host_pa(const void *p)
{
	return (hpa_t){(uintptr_t)p};
}

bool fwcfg_find(const char *name, struct fwcfg_file *f)
{
	CHECK_STR(name, "opt/org.keelson/psp");
	f->size = sizeof(keys);
	return has_file;
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	(void)f;
	CHECK_EQ(offset, 0);
	CHECK_EQ(len, sizeof(keys));
	memcpy((void *)(uintptr_t)dst.v, keys, len);
	return true;
}

void host_nap(uint64_t ticks)
{
	(void)ticks;
	naps++;
}

void irq_timer_poll(struct vcpu *v)
{
	(void)v;
}

void ap_serve(struct vcpu *v)
{
	(void)v;
	served++;
}

uint8_t psp_port_in(unsigned reg)
{
	if (reg == UART_LSR)
		return to_taken < to_have;
	return CHECK_EQ(reg, UART_DATA) && to_taken < to_have ? to_machine[to_taken++] : 0;
}

void psp_port_out(unsigned reg, uint8_t value)
{
	if (reg == UART_DATA && CHECK(from_have < sizeof(from_machine)))
		from_machine[from_have++] = value;
}

/* ---- an answer ---- */

static void put(const void *bytes, size_t n)
{
	memcpy(to_machine + to_have, bytes, n);
	to_have += n;
}

static struct psp_link_reply good(uint32_t id)
{
	return (struct psp_link_reply){.magic = 0x72505350, .id = id, .size = 3, .table = 2};
}

static const struct psp_link_reply *ask(const void **response, const void **table)
{
	const struct psp_link_reply *r;

	CHECK(psp_link_begin(NULL));
	memset(psp_link_page(), 0, PAGE_SIZE);
	memcpy(psp_link_page(), "page", 4);
	r = psp_link_ask(NULL, true, 4, response, table);
	psp_link_end();
	return r;
}

/* Keys come once; the page from which they were read keeps none. */
TEST(keys_are_handed_out_once)
{
	uint8_t got[4][32], again[4][32] = {{0}};
	static const uint8_t zeroes[128];

	CHECK(!psp_link_there());
	for (unsigned i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)(i + 1);
	has_file = false;
	psp_link_open();
	CHECK(!psp_link_keys(got));
	has_file = true;
	psp_link_open();
	CHECK(psp_link_there());
	CHECK(psp_link_keys(got));
	CHECK_MEM(got, keys, sizeof(keys));
	CHECK(psp_link_keys(again));
	CHECK_MEM(again, zeroes, sizeof(zeroes));
}

TEST(the_launch_goes_before_the_first_request)
{
	struct snp_cpuid_page page = {.count = 2,
				      .fn = {{.eax_in = 1}, {.eax_in = 7, .ecx_in = 1}}};
	struct psp_link_launch l;
	struct psp_link_request q;
	struct psp_link_reply r = good(1);
	const void *response, *table;
	const struct psp_link_reply *got;

	psp_link_cpuid(&page);
	psp_link_tsc(1, 2, 3);
	put(&r, sizeof(r));
	put("abc", 3);
	put("XY", 2);
	got = ask(&response, &table);
	if (!CHECK(got))
		return;
	CHECK_EQ(got->id, 1);
	CHECK_MEM(response, "abc\0", 4);
	CHECK_MEM(table, "XY", 2);
	memcpy(&l, from_machine, sizeof(l));
	CHECK_EQ(l.magic, 0x6c505350);
	CHECK_EQ(l.cpuid, 2);
	CHECK(l.tsc_scale == 1 && l.tsc_offset == 2 && l.tsc_factor == 3);
	CHECK_MEM(from_machine + 32, page.fn, 96);
	memcpy(&q, from_machine + 128, sizeof(q));
	CHECK_EQ(q.magic, 0x71505350);
	CHECK(q.extended == 1 && q.pages == 4 && q.size == 4);
	CHECK_MEM(from_machine + 148, "page", 4);
	CHECK_EQ(from_have, 152);

	from_have = 0; /* and not before the second one */
	r = good(2);
	r.size = 0;
	put(&r, sizeof(r));
	put("XY", 2);
	CHECK(ask(&response, &table));
	CHECK(!response);
	memcpy(&q, from_machine, sizeof(q));
	CHECK_EQ(q.id, 2);
	CHECK_EQ(from_have, 24);
}

/* What a server sends that was told something without form. The end comes at once and stays. */
TEST(a_reply_without_form_is_the_end)
{
	struct psp_link_reply r = {0};
	const void *response, *table;
	unsigned before = served;

	put(&r, sizeof(r));
	CHECK(!ask(&response, &table));
	CHECK_EQ(lines, 1);
	CHECK_EQ(served, before); /* it has waited for nothing */
	from_have = 0;
	r = good(4);
	put(&r, sizeof(r));
	CHECK(!ask(&response, &table));
	CHECK_EQ(from_have, 0);
	CHECK_EQ(lines, 1);
}

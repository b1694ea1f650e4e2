/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* How the second vCPU spoils the SVSM's requests to the hypervisor, and the answers. */
#include "bare/lib/spoil.h"
#include "abi/ghcb.h"
#include "abi/vtpm.h"
#include "base/x86.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/svsm.h"
#include "bare/lib/test_report.h"
#include "lib/string.h"

#define PAGES 4 /* CPUs of the SVSM that are looked for */

static struct ghcb *pages[PAGES];
static unsigned count;
static volatile bool stop;
static volatile uint64_t written; /* rounds of the vCPU that writes */

/* As SW_EXITINFO1 of an IN or OUT, whose port it has from bit 16 on, no word names port 0x92: a
 * reset by that would end the run. */
static uint32_t random(void)
{
	static uint32_t seed = 12345;
	uint32_t word;

	seed = seed * 1664525 + 1013904223;
	word = seed >> 8;
	return (word >> 16) - 0x8f < 4 ? word ^ 0x200000 : word;
}

static void refused(struct ghcb *g)
{
	g->exit_info1 = 1 + (written & 1);
}

static void nonsense(struct ghcb *g)
{
	g->exit_info1 = random();
	g->exit_info2 = random();
}

static void done(struct ghcb *g)
{
	g->exit_info1 = g->exit_info2 = 0;
}

static void none_valid(struct ghcb *g)
{
	memset(g->valid, 0, sizeof(g->valid));
}

static void all_valid(struct ghcb *g)
{
	memset(g->valid, 0xff, sizeof(g->valid));
}

static void registers(struct ghcb *g)
{
	g->rax = random();
	g->rbx = random();
	g->rcx = random();
	g->rdx = random();
}

static void version(struct ghcb *g)
{
	g->version = (uint16_t)random();
	g->usage = random() & 1;
}

static void request(struct ghcb *g)
{
	g->exit_code = 0x90000000u | random();
	g->scratch = random();
}

/* AP reset hold: the vCPU stands still until a SIPI comes. Only a request that goes by the page can
 * be changed so. */
static void hold(struct ghcb *g)
{
	g->exit_code = GHCB_EXIT_AP_HLT_LOOP;
}

static void buffer(struct ghcb *g)
{
	for (unsigned i = 0; i < sizeof(g->buffer); i += 4)
		*(volatile uint32_t *)(g->buffer + i) = random();
}

static void everything(struct ghcb *g)
{
	volatile uint32_t *at = (volatile uint32_t *)g;

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*at); i++)
		at[i] = random();
}

static const struct way {
	const char *name;
	void (*spoil)(struct ghcb *g);
} ways[] = {
	{"refused", refused},
	{"a result that means nothing", nonsense},
	{"done", done},
	{"nothing valid", none_valid},
	{"everything valid", all_valid},
	{"registers", registers},
	{"version and usage", version},
	{"another request", request},
	{"buffer", buffer},
	{"the whole page", everything},
	{"held", hold},
};

static void spoil(void *arg)
{
	const struct way *w = arg;

	while (!stop) {
		for (unsigned i = 0; i < count; i++)
			w->spoil(pages[i]);
		written++;
	}
}

static void find_pages(void)
{
	for (count = 0; count < PAGES; count++) {
		struct svsm_call c = {.rax = SVSM_CALL(SVSM_PROTO_TEST, SVSM_TEST_HOST_PAGE),
				      .rcx = count};

		if (svsm_call(&c) != SVSM_SUCCESS)
			break;
		pages[count] = paging_shared(c.rcx);
	}
	REQUIRE(count > 1);
}

bool spoil_begin(unsigned way)
{
	struct patience p;

	if (way >= ARRAY_LEN(ways))
		return false;
	if (!way)
		find_pages();
	test_case("%s", ways[way].name);
	written = 0;
	stop = false;
	smp_run(spoil, (void *)&ways[way]);
	p = smp_patience(20);
	while (!written && !smp_patience_over(&p))
		cpu_relax();
	return true;
}

void spoil_end(void)
{
	stop = true;
	CHECK(smp_wait(20));
	CHECK_NE(written, 0);
}

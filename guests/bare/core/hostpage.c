/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The pages by which the SVSM asks the hypervisor (56421: the GHCB) are shared memory, so every
 * vCPU of the guest can write them, whatever its VMPL. One vCPU spoils requests and answers there,
 * the other calls: each call has to be served as ever.
 */
#include "abi/ghcb.h"
#include "abi/vtpm.h"
#include "bare/core/calls.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "lib/string.h"

#define R     13
#define CALLS 300 /* for each way of spoiling */
#define PAGES 4   /* CPUs of the SVSM that are looked for */

static struct ghcb *pages[PAGES];
static unsigned count;
static volatile bool stop;
static volatile uint64_t written;

static uint32_t random(void)
{
	static uint32_t seed = 12345;

	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
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

static bool one_call(unsigned i)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

	return svsm_call(&c) == SVSM_SUCCESS && c.rcx == (1ull << 32 | 1) && !c.pending &&
	       svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 5), RMP_PG_4K, i & 1)) == SVSM_SUCCESS;
}

TEST(host_page, "host-page-spoilt",
     "a vCPU that writes into the SVSM's GHCBs keeps no other vCPU from its calls",
     "keelson:host-page")
{
	find_pages();
	smp_start();
	for (unsigned w = 0; w < ARRAY_LEN(ways); w++) {
		unsigned i = 0;

		test_case("%s", ways[w].name);
		written = 0;
		stop = false;
		smp_run(spoil, (void *)&ways[w]);
		while (i < CALLS && one_call(i))
			i++;
		stop = true;
		CHECK_EQ(i, CALLS);
		CHECK(smp_wait(20));
		CHECK_NE(written, 0);
	}
	CHECK(calls_region_intact(R));
}

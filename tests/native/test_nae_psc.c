/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A list of page state changes that lies in a page which becomes private on the way.
 *
 * sources: launch/machine/hv/ghcb/nae_psc.c
 */
#include "abi/ghcb.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/ghcb/psc.h"
#include "machine/snp/rmp/rmp.h"
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 8u

extern const struct nae_handler __start_nae_handlers[];

static struct {
	struct ghcb_psc_header h;
	uint64_t entry[ENTRIES];
} list;
static unsigned changes, private_at; /* at which change the list's own page becomes private */

enum snp_insn_result psc_change(gpa_t g, int size, bool is_private)
{
	(void)g, (void)size, (void)is_private;
	changes++;
	return SNP_SUCCESS;
}

enum snp_insn_result rmp_psmash(gpa_t g)
{
	(void)g;
	abort();
}

void *ghcb_scratch(const struct ghcb_call *c, uint64_t len)
{
	(void)c;
	return len <= sizeof(list) ? &list : NULL;
}

void ghcb_fail(struct ghcb_call *c, unsigned reason)
{
	(void)c, (void)reason;
	abort();
}

bool ghcb_store(const struct ghcb_call *c, void *to, const void *from, size_t n)
{
	(void)c;
	if (private_at && changes >= private_at)
		return false;
	memcpy(to, from, n);
	return true;
}

static uint64_t serve(void)
{
	struct ghcb_call c = {0};

	memset(&list, 0, sizeof(list));
	list.h.end = ENTRIES - 1;
	for (uint64_t i = 0; i < ENTRIES; i++)
		list.entry[i] = (uint64_t)GHCB_PSC_PRIVATE << 52 | i << 12;
	changes = 0;
	__start_nae_handlers[0].run(&c);
	return c.out2;
}

TEST(each_entry_is_noted_as_done)
{
	private_at = 0;
	CHECK_EQ(serve(), 0);
	CHECK_EQ(changes, ENTRIES);
	CHECK_EQ(list.h.cur, ENTRIES);
	CHECK_EQ(list.entry[ENTRIES - 1] & 0xfff, 1);
}

/* A host would fault there: nothing more is written to it, nor done that it says. */
TEST(a_list_that_becomes_private_ends_and_is_left_as_it_is)
{
	private_at = 3;
	CHECK(serve() != 0);
	CHECK_EQ(changes, 3);
	CHECK_EQ(list.h.cur, 2);
	CHECK_EQ(list.entry[2] & 0xfff, 0);
	CHECK_EQ(list.entry[3] & 0xfff, 0);
}

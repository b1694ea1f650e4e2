/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The calling convention of the SVSM from the guest's side: 58019, 5. */
#include "bare/lib/svsm.h"
#include "bare/lib/ghcb.h"

static uint8_t list_page[PERCPU_COUNT][PAGE_SIZE] ALIGNED(4096);

static void exit_to_svsm(struct svsm_call *c)
{
	register uint64_t r8 __asm("r8") = c->r8;
	register uint64_t r9 __asm("r9") = c->r9;

	__asm__ volatile("rep; vmmcall"
			 : "+a"(c->rax), "+c"(c->rcx), "+d"(c->rdx), "+r"(r8), "+r"(r9)
			 :
			 : "memory");
	c->r8 = r8;
	c->r9 = r9;
}

uint64_t svsm_call_raw(struct svsm_call *c, struct svsm_caa *caa, uint8_t pending)
{
	wrmsr(MSR_GHCB, GHCB_MSR_RUN_VMPL_REQ | (uint64_t)VMPL_SVSM << 32);
	WRITE_ONCE(caa->call_pending, pending);
	exit_to_svsm(c);
	c->pending = __atomic_exchange_n(&caa->call_pending, 0, __ATOMIC_SEQ_CST);
	if (rdmsr(MSR_GHCB) != GHCB_MSR_RUN_VMPL_RESP)
		c->rax = ~0ull;
	if (percpu()->ghcb)
		ghcb_select();
	return c->rax;
}

uint64_t svsm_call(struct svsm_call *c)
{
	return svsm_call_raw(c, percpu()->caa, 1);
}

static uint64_t call_by_event(struct svsm_call *c, struct ghcb *g)
{
	struct svsm_caa *caa = percpu()->caa;

	GHCB_SET(g, exit_code, GHCB_EXIT_RUN_VMPL);
	GHCB_SET(g, exit_info1, VMPL_SVSM);
	GHCB_SET(g, exit_info2, 0);
	WRITE_ONCE(caa->call_pending, 1);
	exit_to_svsm(c);
	c->pending = __atomic_exchange_n(&caa->call_pending, 0, __ATOMIC_SEQ_CST);
	return READ_ONCE(g->exit_info1) ? ~0ull : c->rax;
}

uint64_t svsm_call_ghcb(struct svsm_call *c)
{
	return call_by_event(c, ghcb_begin());
}

uint64_t svsm_call_ghcb_again(struct svsm_call *c)
{
	return call_by_event(c, ghcb_begin_again());
}

uint64_t svsm(uint64_t call, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	struct svsm_call c = {.rax = call, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9};
	uint64_t rax = svsm_call(&c);

	return c.pending ? ~0ull : rax;
}

uint64_t svsm_pvalidate(uint64_t entry)
{
	struct svsm_pvalidate_list *l = (void *)list_page[percpu_index()];
	uint64_t r;

	l->count = 1;
	l->next = 0;
	l->entry[0] = entry;
	do
		r = svsm(SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_PVALIDATE), (uint64_t)l, 0, 0, 0);
	while (r == SVSM_ERR_INCOMPLETE || r == SVSM_ERR_BUSY);
	return r;
}

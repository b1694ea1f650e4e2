/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "bare/shim/relay.h"
#include "bare/lib/paging.h"
#include "bare/lib/snp.h"
#include "bare/lib/vmpl.h"
#include "base/x86_desc.h"
#include "lib/string.h"

extern const uint8_t relay_page[], relay_start[], relay_nmi[];

#define ATTR_CODE32  0xc9b
#define ATTR_DATA32  0xc93
#define EXIT_VMGEXIT 0x403 /* APM vol. 2, appendix C */
#define CODE         0x08
#define DATA         0x10

/* What the relay has of its own on each vCPU; VMPL2 may read and write it. */
static struct relay_area {
	uint32_t nmis;
	uint32_t unused;
	uint64_t gdt[3];
	uint64_t idt[VEC_NMI + 1];
	uint8_t stack[PAGE_SIZE - 56];
} areas[PERCPU_COUNT] ALIGNED(4096);
ABI_SIZE(struct relay_area, PAGE_SIZE, "one page");

static uint8_t pages[PERCPU_COUNT][PAGE_SIZE] ALIGNED(4096);

static uint64_t page(void)
{
	return (uint64_t)pages[percpu_index()];
}

static struct ghcb *ghcb(void)
{
	return paging_shared(page());
}

void relay_init(unsigned cpu)
{
	struct relay_area *a = &areas[cpu];
	uint64_t nmi = (uint64_t)relay_nmi;

	a->gdt[CODE / 8] = 0x00cf9b000000ffff;
	a->gdt[DATA / 8] = 0x00cf93000000ffff;
	a->idt[VEC_NMI] = (nmi & 0xffff) | CODE << 16 | 0x8e00ull << 32 | (nmi & 0xffff0000) << 32;
	if (rmpadjust((uint64_t)relay_page, RMP_PG_4K, RMPADJUST_ATTR(SHIM_VMPL, RMP_RWX)) ||
	    rmpadjust((uint64_t)a, RMP_PG_4K, RMPADJUST_ATTR(SHIM_VMPL, RMP_R | RMP_W)) ||
	    !vmpl_page_shared((uint64_t)pages[cpu]))
		shim_fail("the relay's pages");
}

static void set_state(struct vmsa *v, uint64_t request)
{
	struct relay_area *a = &areas[percpu_index()];
	const struct vmsa_seg data = {.selector = DATA, .attrib = ATTR_DATA32, .limit = ~0u};

	v->ds = v->es = v->ss = v->fs = v->gs = data;
	v->cs = (struct vmsa_seg){.selector = CODE, .attrib = ATTR_CODE32, .limit = ~0u};
	v->gdtr = (struct vmsa_seg){.limit = sizeof(a->gdt) - 1, .base = (uint64_t)a->gdt};
	v->idtr = (struct vmsa_seg){.limit = sizeof(a->idt) - 1, .base = (uint64_t)a->idt};
	v->cpl = 0;
	v->efer = EFER_SVME;
	v->cr0 = CR0_PE | CR0_ET | CR0_NE;
	v->cr3 = 0;
	v->cr4 = 0;
	v->dr7 = 0x400;
	v->rflags = RFLAGS_R1;
	v->rip = (uint64_t)relay_start;
	v->rsp = (uint64_t)a + sizeof(*a);
	v->rbp = (uint64_t)&a->nmis;
	v->rax = request;
	v->rbx = GHCB_MSR_RUN_VMPL_REQ; /* VMPL0 */
	v->rcx = MSR_GHCB;
}

static void copy(struct vmsa *to, const struct vmsa *from)
{
	memcpy(to, from, offsetof(struct vmsa, rsvd_670));
}

/* The payload's state makes room for the relay's, for as long as one request takes. */
static void go(struct shim_cpu *c, uint64_t request)
{
	static struct vmsa saved[PERCPU_COUNT];
	struct relay_area *a = &areas[percpu_index()];
	struct vmsa *s = &saved[percpu_index()];

	copy(s, c->vmsa);
	set_state(c->vmsa, request);
	if (ghcb_run_vmpl(SHIM_VMPL))
		shim_fail("RUN_VMPL is refused");
	if (c->vmsa->guest_exit_code != EXIT_VMGEXIT)
		shim_fail("the relay came back by 0x%llx",
			  (unsigned long long)c->vmsa->guest_exit_code);
	copy(c->vmsa, s);
	for (; a->nmis; a->nmis--)
		inject(c->vmsa, VEC_NMI, -1);
}

void relay_register(struct shim_cpu *c)
{
	memset(ghcb(), 0, PAGE_SIZE);
	go(c, page() | GHCB_MSR_REG_GPA_REQ);
}

struct ghcb *relay_begin(void)
{
	struct ghcb *g = ghcb();

	memset(g->valid, 0, sizeof(g->valid));
	g->version = GHCB_VERSION_MAX;
	g->usage = 0;
	return g;
}

uint64_t relay_scratch(void)
{
	return page() + offsetof(struct ghcb, buffer);
}

uint32_t relay(struct shim_cpu *c, struct ghcb *g, uint64_t code, uint64_t info1, uint64_t info2)
{
	GHCB_SET(g, exit_code, code);
	GHCB_SET(g, exit_info1, info1);
	GHCB_SET(g, exit_info2, info2);
	go(c, page());
	return (uint32_t)READ_ONCE(g->exit_info1);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Guest page walks (APM vol. 2, 5.3 to 5.6; 15.34.4, 15.34.5) and frames of #VC
 * (8.7, 8.9, 15.35.5), on a few pages of fake guest memory.
 *
 * sources: launch/machine/cpu/walk.c launch/machine/cpu/access.c launch/machine/snp/vc.c
 * sources: launch/machine/cpu/event/event.c launch/machine/cpu/event/deliver.c
 * sources: launch/machine/snp/guard.c tests/native/no_hostile.c launch/machine/snp/rmp/rmp_rules.c
 */
#include "tests/native/check.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "machine/cpu/access.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/tlb.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/options.h"
#include "machine/iommu/dma.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vc.h"
#include "machine/snp/vmsa_attach.h"
#include "machine/snp/vmsa_swap.h"

#include <stdlib.h>
#include <string.h>

/* ---- the machine around them: 64 pages of RAM, validated unless a test says otherwise ---- */

#define PAGES 64

struct host_options host_options;
static uint8_t ram[PAGES * 4096] ALIGNED(4096);
static struct rmp_entry rmp[PAGES];
static struct vcpu cpu;
static struct vmcb *m;

void *guest_ptr(gpa_t g)
{
	if (g.v >= sizeof(ram))
		abort();
	return ram + g.v;
}

const struct rmp_entry *rmp_entry(gpa_t g)
{
	static const struct rmp_entry nowhere;

	return g.v < sizeof(ram) ? &rmp[g.v >> 12] : &nowhere;
}

/* cpu/tlb.h: each check and each copy of a write lie between these two. */
static unsigned writing;
static bool checked_in_write, table_checked_outside;

void tlb_write_begin(struct vcpu *v)
{
	CHECK(v == &cpu);
	writing++;
}

void tlb_write_end(struct vcpu *v)
{
	CHECK(v == &cpu && writing);
	writing--;
}

static uint64_t late; /* this page gives its rights from the second access on; 0: none does */

enum rmp_access rmp_access_check(gpa_t g, uint8_t vmpl, bool is_private, uint8_t want)
{
	checked_in_write = writing;
	table_checked_outside |= (want & RMP_W) && !writing;
	if (late && gpa_page(g).v == late) {
		late = 0;
		return RMP_ACCESS_VMPL;
	}
	return rmp_rule_access(rmp_entry(g), vmpl, is_private, want);
}

bool rmp_is_shared(gpa_t g, uint64_t len)
{
	(void)len;
	return (rmp_entry(g)->state & (RMP_GUEST | RMP_ASSIGNED)) == RMP_GUEST;
}

struct insn insn_at_rip(struct vcpu *v)
{
	(void)v;
	return (struct insn){.kind = INSN_UNKNOWN};
}

/* ---- what guard.c needs besides, and no test here comes to ---- */

void dma_init(void)
{
}

void rmp_init(void)
{
}

void vmsa_init(void)
{
}

bool machine_switch(struct vcpu *v, uint8_t vmpl)
{
	return v->vmpl == vmpl;
}

void host_log(const char *fmt, ...)
{
	(void)fmt;
}

static uint64_t *at(uint64_t pa)
{
	return (uint64_t *)(ram + pa);
}

/* Page tables: PML4 at page 1, PDPT 2, PD 3, PT 4; linear 0..2M maps 1:1 as the test wants. */
#define PML4 0x1000
#define PDPT 0x2000
#define PD   0x3000
#define PT   0x4000
#define RW   (PTE_P | PTE_W)

static void map(uint64_t linear, uint64_t pte)
{
	at(PT)[linear >> 12 & 511] = pte;
}

static void setup(void)
{
	memset(ram, 0, sizeof(ram));
	for (unsigned i = 0; i < PAGES; i++)
		rmp[i] = (struct rmp_entry){
			.state = RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED,
			.perms = {RMP_RWX, 0, RMP_RWX, 0},
		};
	free(m);
	m = calloc(1, sizeof(*m));
	memset(&cpu, 0, sizeof(cpu));
	cpu.vmpl = 2;
	cpu.ctx[2].vmcb = m;
	m->cr0 = CR0_PE | CR0_PG | CR0_WP;
	m->cr4 = CR4_PAE;
	m->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME;
	m->cs.attrib = SEG_L | 0x9b;
	m->cr3 = PML4 | NPT_CBIT;
	at(PML4)[0] = PDPT | NPT_CBIT | RW | PTE_U;
	at(PDPT)[0] = PD | NPT_CBIT | RW | PTE_U;
	at(PD)[0] = PT | NPT_CBIT | RW | PTE_U;
}

static enum walk_status walk(uint64_t linear, unsigned flags, struct walk *w)
{
	memset(w, 0, sizeof(*w));
	return walk_linear(&cpu, linear, flags, w);
}

TEST(four_levels_with_and_without_c_bit)
{
	struct walk w;

	setup();
	map(0x5000, 0x9000 | NPT_CBIT | RW);
	map(0x6000, 0xa000 | RW);
	CHECK_EQ(walk(0x5123, 0, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0x9123);
	CHECK_EQ(w.is_private, true);
	CHECK_EQ(w.size, 0x1000);
	CHECK_EQ(walk(0x6fff, 0, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0xafff);
	CHECK_EQ(w.is_private, false);
	CHECK_EQ(walk(0x7000, 0, &w), WALK_PAGE_FAULT);
	CHECK_EQ(w.error, 0);
	CHECK_EQ(w.linear, 0x7000);
}

/* The walk sets A and D in tables that another CPU may take away: 15.25.5 calls it a write. */
TEST(a_walk_is_a_write_to_its_tables)
{
	uint8_t bytes[15];
	struct walk w;

	setup();
	map(0x5000, 0x9000 | NPT_CBIT | RW);
	table_checked_outside = false;
	CHECK_EQ(walk(0x5123, 0, &w), WALK_OK);
	m->rip = 0x5000;
	CHECK_EQ(guest_fetch(&cpu, bytes), 15);
	CHECK(at(PT)[5] & PTE_A);
	CHECK(!table_checked_outside && !writing);
	m->cr4 = 0;
	m->efer = 0;
	walk(0x5123, 0, &w);
	CHECK(!table_checked_outside && !writing);
}

TEST(large_pages)
{
	struct walk w;

	setup();
	at(PD)[1] = 0x400000 | NPT_CBIT | RW | PTE_PS;
	at(PDPT)[1] = 0x80000000 | NPT_CBIT | RW | PTE_PS;
	CHECK_EQ(walk(0x212345, 0, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0x412345);
	CHECK_EQ(w.size, SIZE_2M);
	CHECK_EQ(walk(0x52345678, 0, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0x80000000 + 0x12345678);
	CHECK_EQ(w.size, SIZE_1G);
}

TEST(accessed_and_dirty)
{
	struct walk w;

	setup();
	map(0x5000, 0x9000 | NPT_CBIT | RW);
	CHECK_EQ(walk(0x5000, 0, &w), WALK_OK);
	CHECK_EQ(at(PT)[5] & (PTE_A | PTE_D), PTE_A);
	CHECK_EQ(at(PML4)[0] & PTE_A, PTE_A);
	CHECK_EQ(walk(0x5000, WALK_WRITE, &w), WALK_OK);
	CHECK_EQ(at(PT)[5] & (PTE_A | PTE_D), PTE_A | PTE_D);
	CHECK_EQ(at(PD)[0] & PTE_D, 0);
}

/* APM vol. 2, 5.6: rights, and the error code of the fault */
static const struct {
	const char *name;
	uint64_t pte;
	uint64_t cr0_off, cr4_on, rflags;
	unsigned flags;
	bool ok;
	uint32_t error;
} rights[] = {
	{"write to read-only", PTE_P, 0, 0, 0, WALK_WRITE, false, PF_ERR_P | PF_ERR_W},
	{"write to read-only, WP=0", PTE_P, CR0_WP, 0, 0, WALK_WRITE, true, 0},
	{"user write to read-only, WP=0", PTE_P | PTE_U, CR0_WP, 0, 0, WALK_WRITE | WALK_USER,
	 false, PF_ERR_P | PF_ERR_W | PF_ERR_U},
	{"user read of a supervisor page", RW, 0, 0, 0, WALK_USER, false, PF_ERR_P | PF_ERR_U},
	{"fetch of NX", RW | PTE_NX, 0, 0, 0, WALK_FETCH, false, PF_ERR_P | PF_ERR_I},
	{"SMEP", RW | PTE_U, 0, CR4_SMEP, 0, WALK_FETCH, false, PF_ERR_P | PF_ERR_I},
	{"SMAP", RW | PTE_U, 0, CR4_SMAP, 0, 0, false, PF_ERR_P},
	{"SMAP with AC", RW | PTE_U, 0, CR4_SMAP, RFLAGS_AC, 0, true, 0},
	{"SMAP, implicit access with AC", RW | PTE_U, 0, CR4_SMAP, RFLAGS_AC, WALK_IMPLICIT, false,
	 PF_ERR_P},
	{"reserved address bit", RW | BIT(50), 0, 0, 0, 0, false, PF_ERR_P | PF_ERR_RSVD},
};

TEST(rights_table)
{
	for (unsigned i = 0; i < ARRAY_LEN(rights); i++) {
		struct walk w;

		setup();
		m->cr0 &= ~rights[i].cr0_off;
		m->cr4 |= rights[i].cr4_on;
		m->rflags = rights[i].rflags;
		map(0x5000, 0x9000 | NPT_CBIT | rights[i].pte);
		check_context("%s", rights[i].name);
		CHECK_EQ(walk(0x5000, rights[i].flags, &w),
			 rights[i].ok ? WALK_OK : WALK_PAGE_FAULT);
		CHECK_EQ(w.error, rights[i].error);
	}
}

TEST(not_canonical)
{
	struct walk w;

	setup();
	CHECK_EQ(walk(0x800000000000, 0, &w), WALK_PAGE_FAULT);
	CHECK_EQ(walk(0xffff000000000000, 0, &w), WALK_PAGE_FAULT);
}

TEST(tables_obey_the_rmp)
{
	struct walk w;

	setup();
	map(0x5000, 0x9000 | NPT_CBIT | RW);
	rmp[3].state &= (uint8_t)~RMP_VALIDATED;
	CHECK_EQ(walk(0x5000, 0, &w), WALK_NOT_VALIDATED);
	CHECK_EQ(gpa_page(w.gpa).v, PD);
	rmp[3].state = RMP_GUEST;
	CHECK_EQ(walk(0x5000, 0, &w), WALK_EXIT);
	at(PDPT)[0] = 0x40000000 | NPT_CBIT | RW; /* no RAM */
	CHECK_EQ(walk(0x5000, 0, &w), WALK_EXIT);
}

TEST(a_page_that_may_only_be_read_is_no_table)
{
	struct walk w;

	setup();
	map(0x5000, 0x9000 | NPT_CBIT | RW);
	rmp[PT >> 12].perms[2] = RMP_R; /* as a VMSA of the guest's */
	CHECK_EQ(walk(0x5000, 0, &w), WALK_EXIT);
	CHECK_EQ(at(PT)[5] & (PTE_A | PTE_D), 0);
}

TEST(paging_off_and_legacy_are_private)
{
	struct walk w;

	setup();
	m->cr0 = CR0_PE;
	m->efer = EFER_SVME;
	CHECK_EQ(walk(0x100009123, 0, &w), WALK_OK); /* 32 bits count */
	CHECK_EQ(w.gpa.v, 0x9123);
	CHECK_EQ(w.is_private, true);
	m->cr0 |= CR0_PG;
	m->cr4 = CR4_PSE;
	m->cr3 = PML4;
	((uint32_t *)at(PML4))[0] = PT | RW;
	((uint32_t *)at(PML4))[1] = 0x400000 | RW | PTE_PS;
	((uint32_t *)at(PT))[5] = 0x9000 | RW;
	CHECK_EQ(walk(0x5001, WALK_WRITE, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0x9001);
	CHECK_EQ(w.is_private, true);
	CHECK_EQ(walk(0x512345, 0, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0x512345);
}

/* APM vol. 2, 15.36.8 */
TEST(a_virtual_tom_needs_no_c_bit)
{
	struct walk w;

	setup();
	vcpu_ctx(&cpu)->vtom = SIZE_2M; /* setup() clears it */
	map(0x5000, (SIZE_2M - PAGE_SIZE) | RW);
	map(0x6000, SIZE_2M | RW);
	CHECK(walk_linear(&cpu, 0x5123, 0, &w) == WALK_OK && w.is_private);
	CHECK(walk_linear(&cpu, 0x6123, 0, &w) == WALK_OK && !w.is_private);
	m->cr0 = CR0_PE;
	CHECK(walk_linear(&cpu, SIZE_2M, 0, &w) == WALK_OK && !w.is_private);
}

TEST(pae_has_three_levels)
{
	struct walk w;

	setup();
	m->efer = EFER_SVME;
	m->cr3 = PDPT;
	at(PDPT)[0] = PD | NPT_CBIT | PTE_P; /* no rights at this level */
	map(0x5000, 0x9000 | NPT_CBIT | RW | PTE_U);
	CHECK_EQ(walk(0x5004, WALK_WRITE | WALK_USER, &w), WALK_OK);
	CHECK_EQ(w.gpa.v, 0x9004);
	CHECK_EQ(w.is_private, true);
}

TEST(copies_across_pages_are_whole_or_not_at_all)
{
	struct walk w;
	uint8_t out[8] = {0}, in[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	setup();
	map(0x5000, 0x9000 | NPT_CBIT | RW);
	map(0x6000, 0xb000 | NPT_CBIT | PTE_P);
	CHECK_EQ(guest_write(&cpu, 0x5ffc, in, 8, 0, &w), WALK_PAGE_FAULT);
	CHECK_EQ(w.linear, 0x6000);
	CHECK_EQ(*(uint32_t *)(ram + 0x9ffc), 0);
	map(0x6000, 0xb000 | NPT_CBIT | RW);
	CHECK_EQ(guest_write(&cpu, 0x5ffc, in, 8, 0, &w), WALK_OK);
	CHECK(checked_in_write && !writing);
	CHECK_EQ(ram[0x9fff], 4);
	CHECK_EQ(ram[0xb000], 5);
	CHECK_EQ(guest_read(&cpu, 0x5ffc, out, 8, 0, &w), WALK_OK);
	CHECK_EQ(memcmp(out, in, 8), 0);
	rmp[0xb].state &= (uint8_t)~RMP_VALIDATED;
	CHECK_EQ(guest_read(&cpu, 0x5ffc, out, 8, 0, &w), WALK_NOT_VALIDATED);
	rmp[0xb].state = RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED;
	rmp[0xb].perms[2] = RMP_R;
	CHECK_EQ(guest_write(&cpu, 0x5ffc, in, 8, 0, &w), WALK_EXIT);
	CHECK(!writing);
}

/* ---- #VC ---- */

#define IDT   0x10000ull
#define GDT   0x11000ull
#define TSS   0x12000ull
#define STACK 0x14000ull /* its end: one page below is mapped */
#define IST1  0x16000ull
#define RSP0  0x18000ull

static void gate(uint64_t rip, unsigned ist, unsigned type)
{
	uint64_t *g = at(IDT + VEC_VC * 16);

	g[0] = (rip & 0xffff) | 8ull << 16 | (uint64_t)ist << 32 | (uint64_t)(0x80 | type) << 40 |
	       (rip & 0xffff0000) << 32;
	g[1] = rip >> 32;
}

static void vc_setup(void)
{
	setup();
	for (uint64_t p = 0x10000; p < 0x20000; p += 0x1000)
		map(p, p | NPT_CBIT | RW);
	at(GDT)[1] = 0x00af9b000000ffff; /* 64-bit code, DPL 0 */
	memcpy(ram + TSS + 4, &(uint64_t){RSP0}, 8);
	memcpy(ram + TSS + 0x24, &(uint64_t){IST1}, 8);
	m->idtr = (struct vmsa_seg){.base = IDT, .limit = 0xfff};
	m->gdtr = (struct vmsa_seg){.base = GDT, .limit = 0xff};
	m->tr = (struct vmsa_seg){.base = TSS, .limit = 0x67};
	m->cs.selector = 0x10;
	m->ss = (struct vmsa_seg){.selector = 0x18, .attrib = 0x93};
	m->rip = 0xffffffff81000000;
	m->rsp = STACK - 8; /* not aligned to 16 */
	m->rflags = RFLAGS_R1 | RFLAGS_IF | RFLAGS_TF | RFLAGS_CF;
	m->int_state = VMCB_INT_SHADOW;
	gate(0xffffffff81234567, 0, 0xe);
}

static void check_frame(uint64_t sp, uint32_t error, uint64_t rsp, uint64_t ss, uint64_t cs)
{
	const uint64_t *f = at(sp);

	CHECK_EQ(m->rsp, sp);
	CHECK_EQ(f[0], error);
	CHECK_EQ(f[1], 0xffffffff81000000);
	CHECK_EQ(f[2], cs);
	CHECK_EQ(f[3], RFLAGS_R1 | RFLAGS_IF | RFLAGS_TF | RFLAGS_CF | RFLAGS_RF);
	CHECK_EQ(f[4], rsp);
	CHECK_EQ(f[5], ss);
	CHECK_EQ(m->rip, 0xffffffff81234567);
	CHECK_EQ(m->cs.selector, 8);
	CHECK_EQ(m->cs.attrib & SEG_L, SEG_L);
	CHECK_EQ(m->cpl, 0);
	CHECK_EQ(m->event_inj, 0);
	CHECK_EQ(m->int_state, 0);
}

TEST(vc_on_the_current_stack)
{
	vc_setup();
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), (uint64_t)RESUME);
	check_frame(STACK - 16 - 48, SVM_EXIT_CPUID, STACK - 8, 0x18, 0x10);
	CHECK_EQ(m->rflags & (RFLAGS_IF | RFLAGS_TF | RFLAGS_CF), RFLAGS_CF);
	CHECK_EQ(m->ss.selector, 0x18);
}

/* Another vCPU gives the right while the frame is written. */
TEST(vc_on_a_stack_that_comes_late)
{
	vc_setup();
	late = STACK - 0x1000;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), (uint64_t)RESUME);
	CHECK_EQ(late, 0);
	check_frame(STACK - 16 - 48, SVM_EXIT_CPUID, STACK - 8, 0x18, 0x10);
}

TEST(vc_through_a_trap_gate_keeps_if)
{
	vc_setup();
	gate(0xffffffff81234567, 0, 0xf);
	vc_raise(&cpu, SVM_EXIT_MSR);
	CHECK_EQ(m->rflags & (RFLAGS_IF | RFLAGS_TF), RFLAGS_IF);
}

TEST(vc_through_the_ist)
{
	vc_setup();
	gate(0xffffffff81234567, 1, 0xe);
	vc_raise(&cpu, VC_NPF);
	check_frame(IST1 - 48, VC_NPF, STACK - 8, 0x18, 0x10);
}

TEST(vc_from_cpl_3_takes_rsp0_and_a_null_ss)
{
	vc_setup();
	m->cpl = 3;
	m->cs.selector = 0x33;
	m->ss.selector = 0x2b;
	vc_raise(&cpu, SVM_EXIT_CPUID);
	check_frame(RSP0 - 48, SVM_EXIT_CPUID, STACK - 8, 0x2b, 0x33);
	CHECK_EQ(m->ss.selector, 0);
	CHECK_EQ(SEG_DPL(m->ss.attrib), 0);
}

/* What stops a delivery, and what comes instead: APM vol. 2, 8.2.9 */
enum trouble {
	NO_GATE,
	WRONG_TYPE,
	SHORT_IDT,
	NO_SEGMENT,
	DATA_SEGMENT,
	NO_STACK,
	STACK_UNVALIDATED,
	NESTED,
	TROUBLES,
};

static void make_trouble(enum trouble t)
{
	switch (t) {
	case NO_GATE:
		at(IDT + VEC_VC * 16)[0] = 0;
		break;
	case WRONG_TYPE:
		gate(0x1000, 0, 0xc);
		break;
	case SHORT_IDT:
		m->idtr.limit = VEC_VC * 16 + 14;
		break;
	case NO_SEGMENT:
		at(GDT)[1] = 0;
		break;
	case DATA_SEGMENT:
		at(GDT)[1] = 0x00af93000000ffff;
		break;
	case NO_STACK:
		map(STACK - 0x1000, 0);
		break;
	case STACK_UNVALIDATED:
		rmp[(STACK >> 12) - 1].state &= (uint8_t)~RMP_VALIDATED;
		break;
	case NESTED:
		m->event_inj = EVENT_VALID | EVENT_EXCEPTION | EVENT_HAS_ERROR | VEC_PF;
		break;
	default:
		break;
	}
}

TEST(a_delivery_that_fails)
{
	for (unsigned t = 0; t < TROUBLES; t++) {
		uint64_t want = t == NO_STACK ? VEC_PF : VEC_DF;

		vc_setup();
		make_trouble((enum trouble)t);
		check_context("trouble %u", t);
		CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), (uint64_t)RESUME);
		CHECK_EQ(m->event_inj & 0xffffffff,
			 EVENT_VALID | EVENT_EXCEPTION | EVENT_HAS_ERROR | want);
		CHECK_EQ(m->rip, 0xffffffff81000000);
		CHECK_EQ(m->rsp, STACK - 8);
	}
	CHECK_EQ(m->cr2, 0);
	vc_setup();
	make_trouble(NO_STACK);
	vc_raise(&cpu, SVM_EXIT_CPUID);
	CHECK_EQ(m->cr2, STACK - 24); /* SS is pushed first: 8.9.3 */
	CHECK_EQ(m->event_inj >> 32, PF_ERR_W);
}

/* A C-bit that is clear for the stack: the processor's write is a shared access like any other, and
 * KVM makes the page shared (run.c). */
TEST(a_frame_on_a_shared_mapping)
{
	vc_setup();
	map(STACK - 4096, (STACK - 4096) | RW);
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), MACHINE_PRIVATE);
	CHECK_EQ(cpu.fault_at & ~0xfffull, STACK - 4096);
	rmp[(STACK >> 12) - 1].state = RMP_GUEST;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), (uint64_t)RESUME);
	vc_setup();
	map(STACK - 4096, 0x7f000000 | RW);
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), MACHINE_FAULT);
	vc_setup();
	map(STACK - 4096, (STACK - 4096) | RW);
	host_options.strict = true;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), MACHINE_FAULT);
	host_options.strict = false;
}

TEST(vc_in_32_bit_protected_mode)
{
	vc_setup();
	m->cr0 = CR0_PE;
	m->efer = EFER_SVME;
	m->cs.attrib = SEG_DB | 0x9b;
	m->rip = 0xfffff000;
	at(GDT)[1] = 0x00cf9b000000ffff;
	at(IDT + VEC_VC * 8)[0] = 0x4567 | 8ull << 16 | 0x8eull << 40 | 0x0012ull << 48;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), (uint64_t)RESUME);
	CHECK_EQ(m->rip, 0x124567);
	CHECK_EQ(m->rsp, STACK - 8 - 16);
	CHECK_EQ(*(uint32_t *)(ram + STACK - 24), SVM_EXIT_CPUID);
	CHECK_EQ(*(uint32_t *)(ram + STACK - 20), 0xfffff000);
}

TEST(vc_in_real_mode_ends_the_run)
{
	vc_setup();
	m->cr0 = 0;
	m->efer = EFER_SVME;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), MACHINE_FAULT);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * INT n whose delivery faults: APM vol. 2, 8.9 and vol. 3, INT n. The fault's frame names the INT n
 * itself, because it has not completed, and its error code has EXT = 0 (8.4.1), because no external
 * event is the cause.
 */
#include "base/x86_desc.h"
#include "bare/lib/paging.h"
#include "bare/lib/percpu.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/insn.h"
#include "bare/machine/region.h"
#include "lib/string.h"

#define R         13
#define FIRST     MEM_PAGE(R, 1) /* the IDT's two pages: the exceptions' gates lie in the first, */
#define SECOND    MEM_PAGE(R, 2) /* that of VEC in the second */
#define VEC       0x50           /* insn_int50 */
#define IDT       (PAGING_WINDOW + PAGE_SIZE - VEC * 16)
#define NO_STACK  (PAGING_WINDOW + 9 * PAGE_SIZE) /* the end of an unmapped page */
#define IST       7
#define IDT_ERROR (VEC * 8 | 2)
#define SEL_NONE  0x1f8 /* beyond the GDT */

static struct x86_gate *gate(void)
{
	return (struct x86_gate *)SECOND;
}

static struct x86_table idt_get(void)
{
	struct x86_table t;

	__asm__ volatile("sidt %0" : "=m"(t));
	return t;
}

static void idt_set(struct x86_table t)
{
	__asm__ volatile("lidt %0" : : "m"(t));
}

static struct x86_tss *tss(void)
{
	struct x86_table gdt;
	const uint8_t *d;
	uint16_t tr;

	__asm__ volatile("sgdt %0\n\tstr %1" : "=m"(gdt), "=r"(tr));
	d = (const uint8_t *)gdt.base + tr;
	return (struct x86_tss *)(uint64_t)(d[2] | d[3] << 8 | d[4] << 16 | (uint32_t)d[7] << 24);
}

/* ---- what is wrong with the delivery ---- */

static void not_present(void)
{
	gate()->type &= 0x7f;
}

static void wrong_type(void)
{
	gate()->type = 0x85; /* a task gate */
}

static void not_mapped(void)
{
	paging_unmap(1);
}

static void not_validated(void)
{
	pvalidate(SECOND, RMP_PG_4K, 0, NULL);
}

static void beyond_limit(void)
{
	idt_set((struct x86_table){VEC * 16 + 14, IDT});
}

static void no_stack(void)
{
	tss()->ist[IST - 1] = NO_STACK;
	gate()->ist = IST;
}

static void null_segment(void)
{
	gate()->selector = 0;
}

static void no_segment(void)
{
	gate()->selector = SEL_NONE;
}

static void data_segment(void)
{
	gate()->selector = SEL_KDATA;
}

static void nothing(void)
{
}

struct row {
	const char *name;
	void (*spoil)(void);
	unsigned cpl;
	uint8_t vector;
	uint64_t error;
	uint64_t cr2; /* 0: none */
};

/* The checks in the order of vol. 3, INT n, in long mode. */
static const struct row rows[] = {
	{"beyond the IDT's limit", beyond_limit, 0, VEC_GP, IDT_ERROR, 0},
	{"IDT page not mapped", not_mapped, 0, VEC_PF, 0, IDT + VEC * 16},
	{"IDT page not validated", not_validated, 0, VEC_VC, VC_PAGE_NOT_VALIDATED, IDT + VEC * 16},
	{"a task gate", wrong_type, 0, VEC_GP, IDT_ERROR, 0},
	{"gate not present", not_present, 0, VEC_NP, IDT_ERROR, 0},
	{"gate's DPL 0 at CPL 3", nothing, 3, VEC_GP, IDT_ERROR, 0},
	{"gate's DPL 0 at CPL 3, not present", not_present, 3, VEC_GP, IDT_ERROR, 0},
	{"null code segment", null_segment, 0, VEC_GP, 0, 0},
	{"code segment beyond the GDT", no_segment, 0, VEC_GP, SEL_NONE, 0},
	{"data segment", data_segment, 0, VEC_GP, SEL_KDATA, 0},
	{"stack not mapped", no_stack, 0, VEC_PF, PF_ERR_W, NO_STACK - 8},
};

/* A gate of our own for VEC and those of the runtime for the rest. */
static void idt_build(const struct x86_table *old)
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 2));
	paging_map(0, FIRST, PAGING_RW | paging_cbit);
	paging_map(1, SECOND, PAGING_RW | paging_cbit);
	memcpy((void *)IDT, (const void *)old->base, VEC * 16 + 16);
	idt_set((struct x86_table){VEC * 16 + 15, IDT});
}

static void idt_remove(const struct x86_table *old)
{
	idt_set(*old);
	paging_unmap(0);
	paging_unmap(1);
	CHECK(region_reset(R));
}

static uint8_t user_stack[0x1000] ALIGNED(16);

static void catch_int(struct fault *f, unsigned cpl)
{
	if (FAULT_CATCH(f)) {
		if (cpl)
			trap_enter_user(insn_int50, (uint64_t)user_stack + sizeof(user_stack) - 8);
		insn_int50();
		fault_release();
	}
}

TEST(int_faults, "int-faults", "a fault while INT n is delivered: its error code, and RIP at INT n",
     "apm:8.9:int-n")
{
	struct x86_table old = idt_get();
	struct fault f;

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		idt_build(&old);
		rows[i].spoil();
		catch_int(&f, rows[i].cpl);
		idt_remove(&old);
		test_case("%s", rows[i].name);
		CHECK_EQ(f.vector, rows[i].vector);
		CHECK_EQ(f.error, rows[i].error);
		CHECK_EQ(f.rip, (uint64_t)insn_int50_at);
		CHECK_EQ(f.cs & 3, rows[i].cpl);
		if (rows[i].cr2)
			CHECK_EQ(f.cr2, rows[i].cr2);
	}
	tss()->ist[IST - 1] = 0;
}

static volatile uint64_t taken, taken_rip, taken_flags;

static void on_int(struct trap_frame *t)
{
	taken++;
	taken_rip = t->rip;
	taken_flags = t->rflags;
}

static void check_taken(const char *name, void (*fn)(void), const uint8_t *at, unsigned length)
{
	test_case("%s", name);
	taken = 0;
	fn();
	CHECK_EQ(taken, 1);
	CHECK_EQ(taken_rip, (uint64_t)at + length);
	CHECK_EQ(taken_flags & RFLAGS_RF, 0);
}

TEST(int_taken, "int-taken", "INT n and INT3 that are delivered return behind themselves",
     "apm:8.9:int-n")
{
	struct x86_table old = idt_get();

	idt_build(&old);
	trap_handler_set(VEC, on_int);
	trap_handler_set(VEC_BP, on_int);
	check_taken("INT 0x50", insn_int50, insn_int50_at, 2);
	check_taken("INT 3, two bytes", insn_int_3, insn_int_3_at, 2);
	check_taken("INT3", insn_int3, insn_int3_at, 1);
	test_case("a trap gate leaves IF");
	gate()->type = 0x8f;
	sti();
	insn_int50();
	cli();
	CHECK_EQ(taken_flags & RFLAGS_IF, RFLAGS_IF);
	idt_remove(&old);
}

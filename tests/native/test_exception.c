/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Exceptions in ring 0: on which stack the handler runs, and that a stack which is begun anew while
 * it is in use ends in a panic, whatever the vector. APM vol. 2, 8.9.4.
 *
 * sources: svsm/cpu/trap/exception.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/gs.h"
#include "base/x86.h"
#include "cpu/desc.h"
#include "cpu/trap/exception.h"
#include "cpu/failstop.h"
#include "cpu/frame.h"
#include "cpu/panic.h"
#include "cpu/sleep.h"
#include "mm/copy.h"
#include "platform/platform.h"

#define STACK 0x3000

static char memory[IST_COUNT][STACK] __attribute__((aligned(16)));
static struct cpu_desc desc;
static struct cpu cpu = {.desc = &desc};
static jmp_buf end;
static char why[128];

/* ---- what exception.c expects ---- */

static const struct platform_ops ops;
const struct platform_ops *platform = &ops;

__asm__(".globl user_text, user_text_end, sleep_unless, sleep_end, fault_table, fault_table_end\n"
	".data\n"
	"user_text: .skip 64\n"
	"user_text_end:\n"
	"sleep_unless: .skip 8\n"
	"sleep_end: .skip 8\n"
	"fault_table:\n"
	"fault_table_end: .quad 0\n"
	".text\n");
extern const char user_text[];

static bool holds(const struct stack *s, uint64_t addr)
{
	return s->base && addr >= s->base && addr <= s->top;
}

const struct stack *desc_stack_of(const struct cpu *c, uint64_t addr)
{
	if (holds(&c->desc->main, addr))
		return &c->desc->main;
	for (unsigned i = IST_VC; i < IST_COUNT; i++)
		if (holds(&c->desc->ist[i], addr))
			return &c->desc->ist[i];
	return NULL;
}

void panic_frame(const struct frame *f, const char *fmt, ...)
{
	va_list ap;

	(void)f;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	longjmp(end, 1);
}

/* ---- */

static struct stack stack(unsigned i)
{
	uint64_t base = (uint64_t)memory[i];

	return (struct stack){base, base + STACK};
}

static void setup(void)
{
	memset(memory, 0, sizeof(memory));
	desc.main = stack(0);
	for (unsigned i = IST_VC; i < IST_COUNT; i++)
		desc.ist[i] = stack(i);
	cpu.nmi_count = 0;
	gs_become(&cpu);
}

/* The frame of vector at the top of its stack, as the processor builds it. */
static struct frame *frame(enum ist ist, uint64_t vector, uint64_t rsp)
{
	struct frame *f = (struct frame *)desc.ist[ist].top - 1;

	*f = (struct frame){.vector = vector, .cs = 8, .rip = 0x1000, .rsp = rsp};
	return f;
}

/* NULL: it came back. */
static const char *handled(struct frame *f)
{
	if (setjmp(end))
		return why;
	exception_dispatch(exception_stack(f));
	return NULL;
}

static const struct {
	uint64_t vector;
	enum ist ist;
	const char *panic;
} vectors[] = {
	{VEC_NMI, IST_NMI, "NMI on a stack in use"},
	{VEC_VC, IST_VC, "#VC on a stack in use"},
	{VEC_PF, IST_PF, "#PF on a stack in use"},
	{VEC_DF, IST_DF, "#DF on a stack in use"},
	{VEC_UD, IST_OTHER, "#UD on a stack in use"},
	{VEC_MC, IST_OTHER, "#MC on a stack in use"},
	{VEC_HV, IST_OTHER, "#HV on a stack in use"},
	{0x80, IST_OTHER, "interrupt on a stack in use"},
};

/* From the first byte below the top to the last one above the guard page. */
TEST(a_stack_in_use_ends_in_a_panic_whatever_the_vector)
{
	setup();
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct stack *s = &desc.ist[vectors[i].ist];
		const uint64_t rsp[] = {s->top - 8, s->top - 40, s->top - 0x800, s->base + 8};

		for (unsigned n = 0; n < ARRAY_LEN(rsp); n++) {
			struct frame *f = frame(vectors[i].ist, vectors[i].vector, rsp[n]);

			check_context("vector %u, RSP %u", (unsigned)vectors[i].vector, n);
			CHECK_STR(handled(f), vectors[i].panic);
		}
	}
}

/* The report must not stand where the next NMI writes. */
TEST(the_report_has_a_stack_of_its_own)
{
	struct frame *f, *to;

	setup();
	f = frame(IST_NMI, VEC_NMI, desc.ist[IST_NMI].top - 64);
	f->rip = 0x1234;
	to = exception_stack(f);
	CHECK_EQ((uint64_t)(to + 1), desc.ist[IST_DF].top);
	CHECK_EQ(to->rip, 0x1234);
}

TEST(an_nmi_on_a_free_stack_is_counted)
{
	const uint64_t rsp[] = {desc.main.top, (uint64_t)memory[0] + 0x800,
				(uint64_t)memory[IST_OTHER] + 0x800, 0x7fff0000};

	setup();
	for (unsigned n = 0; n < ARRAY_LEN(rsp); n++)
		CHECK(!handled(frame(IST_NMI, VEC_NMI, rsp[n])));
	CHECK_EQ(cpu.nmi_count, ARRAY_LEN(rsp));
}

/* Ring 3 may point RSP where it likes, and so it stands for an instant in ring 0. */
TEST(what_ring_3_has_in_rsp_proves_nothing)
{
	struct frame *f;

	setup();
	f = frame(IST_NMI, VEC_NMI, desc.ist[IST_NMI].top - 64);
	f->cs = 0x23;
	CHECK(!handled(f));
	f = frame(IST_NMI, VEC_NMI, desc.ist[IST_NMI].top - 64);
	f->rip = (uint64_t)user_text + 8;
	CHECK(!handled(f));
	CHECK_EQ(cpu.nmi_count, 2);
}

static unsigned stops;

void failstop_stop(void)
{
	stops++;
}

TEST(an_nmi_stops_a_cpu_when_another_has_panicked)
{
	setup();
	failstop_by = 3;
	CHECK(!handled(frame(IST_NMI, VEC_NMI, desc.main.top - 64)));
	failstop_by = 0;
	CHECK_EQ(stops, 1);
}

/* #VC moves to the stack that it has interrupted, if that has room for its handler. */
TEST(vc_moves_where_there_is_room)
{
	struct frame *f;

	setup();
	f = frame(IST_VC, VEC_VC, desc.main.top - 64);
	CHECK_EQ((uint64_t)(exception_stack(f) + 1), desc.main.top - 64);
	f = frame(IST_VC, VEC_VC, desc.main.base + 0x1000);
	CHECK_EQ((uint64_t)exception_stack(f), (uint64_t)f);
	f = frame(IST_VC, VEC_VC, desc.main.top - 64);
	f->rip = (uint64_t)user_text;
	CHECK_EQ((uint64_t)exception_stack(f), (uint64_t)f);
}

TEST(a_machine_check_is_named)
{
	setup();
	CHECK_STR(handled(frame(IST_OTHER, VEC_MC, desc.main.top - 64)), "machine check");
}

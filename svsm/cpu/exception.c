/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "cpu/exception.h"
#include "base/x86.h"
#include "mm/copy.h"
#include "cpu/desc.h"
#include "cpu/frame.h"
#include "cpu/panic.h"
#include "cpu/percpu.h"
#include "cpu/sleep.h"
#include "platform/platform.h"

extern const char user_text[], user_text_end[]; /* user/user.S */

#define ROOM 2048 /* a handler that moves wants this much below the interrupted RSP */

extern const struct fault_entry fault_table[], fault_table_end[];

uint64_t fault_fixup(uint64_t rip)
{
	for (const struct fault_entry *e = fault_table; e < fault_table_end; e++)
		if (e->at == rip)
			return e->fixup;
	return 0;
}

/*
 * Only #VC and #PF move: they nest in normal work. For the others the IST stack is the point (#DF:
 * the stack is gone) or they return at once (NMI, a fix-up). There is no red zone, so everything
 * below the interrupted RSP is free, but in user/user.S, where RSP may be the user's.
 */
struct frame *exception_stack(struct frame *f)
{
	const struct stack *s;
	struct frame *to;

	if ((f->vector != VEC_VC && f->vector != VEC_PF) ||
	    (f->rip >= (uint64_t)user_text && f->rip < (uint64_t)user_text_end))
		return f;
	s = desc_stack_of(percpu_this(), f->rsp);
	if (!s || f->rsp - s->base < ROOM + sizeof(*f))
		return f;
	if ((uint64_t)f < f->rsp && s == desc_stack_of(percpu_this(), (uint64_t)f))
		return f; /* no IST in use: it is there already */
	to = (struct frame *)ALIGN_DOWN(f->rsp - sizeof(*f), 16);
	*to = *f;
	return to;
}

static bool fixup(struct frame *f)
{
	uint64_t to = fault_fixup(f->rip);

	if (!to)
		return false;
	f->rip = to;
	f->rax = ~0ull;
	return true;
}

const char *exception_name(uint64_t vector)
{
	static const char *const name[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
					   "#DF", "9",   "#TS", "#NP", "#SS", "#GP", "#PF", "15",
					   "#MF", "#AC", "#MC", "#XF", "#VE", "#CP", "22",  "23",
					   "24",  "25",  "26",  "27",  "#HV", "#VC", "#SX", "31"};

	return vector < ARRAY_LEN(name) ? name[vector] : "interrupt";
}

static bool in_guard_page(uint64_t addr)
{
	struct cpu *c = percpu_this();

	return desc_stack_of(c, addr + PAGE_SIZE) && !desc_stack_of(c, addr);
}

void exception_dispatch(struct frame *f)
{
	switch (f->vector) {
	case VEC_NMI: /* counted only: a handler that did more could nest with itself */
		percpu_this()->nmi_count++;
		f->rip = sleep_resume(f->rip);
		return;
	case VEC_VC:
		if (fixup(f) || platform->exception(f))
			return;
		break;
	case VEC_UD:
	case VEC_GP:
		if (fixup(f))
			return;
		break;
	case VEC_PF:
		if (fixup(f))
			return;
		if (in_guard_page(read_cr2()))
			panic_frame(f, "stack overflow, cr2 %lx", read_cr2());
		break;
	}
	panic_frame(f, "%s", exception_name(f->vector));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What follows from an exception in ring 0, the SVSM's own code: a fix-up where a fault was
 * expected, the platform's handler for #VC, a count for an NMI, and a panic for everything else.
 * cpu/entry.S calls in here. Nothing here may take a lock, because the interrupted code may hold
 * it.
 */
#include "cpu/exception.h"
#include "base/x86.h"
#include "mm/copy.h"
#include "cpu/desc.h"
#include "cpu/failstop.h"
#include "cpu/frame.h"
#include "cpu/panic.h"
#include "cpu/percpu.h"
#include "cpu/sleep.h"
#include "platform/platform.h"

extern const char user_text[], user_text_end[]; /* user/user.S */

#define ROOM 2048 /* bytes of stack that a handler that moves must find */

extern const struct fault_entry fault_table[], fault_table_end[];

/* A short list, and a fault is rare: no search structure. */
uint64_t fault_fixup(uint64_t rip)
{
	for (const struct fault_entry *e = fault_table; e < fault_table_end; e++)
		if (e->at == rip)
			return e->fixup;
	return 0;
}

/*
 * #VC and #PF move to the interrupted stack, because they may strike again inside their own
 * handler: a #VC handler that executes CPUID, for example. The others stay on their IST stack: #DF
 * because the interrupted stack may be the cause, NMI, #GP and #UD because their handlers return
 * at once or panic.
 *
 * The interrupted stack can be used only when it is one of this CPU's and has ROOM left. The code
 * has no red zone, so all below its RSP is free. In user/user.S RSP may be the user's: the handler
 * stays as well.
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
		return f; /* early in boot no IST is in use: the frame is on that stack already */
	to = (struct frame *)ALIGN_DOWN(f->rsp - sizeof(*f), 16);
	*to = *f;
	return to;
}

/* RAX = -1 tells the accessor of mm/copy.S, or the inline assembler, that its instruction
 * faulted. */
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

/* The page right below one of this CPU's stacks. */
static bool in_guard_page(uint64_t addr)
{
	struct cpu *c = percpu_this();

	return desc_stack_of(c, addr + PAGE_SIZE) && !desc_stack_of(c, addr);
}

/* Returns when the interrupted code can go on. A #PF right below a stack is reported as what it
 * is, an overflow. */
void exception_dispatch(struct frame *f)
{
	switch (f->vector) {
	case VEC_NMI: /* only counted: a handler that did more could nest with itself */
		failstop_check();
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

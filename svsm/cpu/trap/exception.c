/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What follows from an exception in ring 0, the SVSM's own code: a fix-up where a fault was
 * expected, the platform's handler for #VC, a count for an NMI, and a panic for everything else.
 * cpu/trap/entry.S calls in here. Nothing here may take a lock, because the interrupted code may
 * hold it.
 */
#include "cpu/trap/exception.h"
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

#define ROOM 4096    /* bytes of stack that a handler that moves must find: ci/stacks.py */
#define LOST BIT(32) /* in frame.vector: the interrupted code cannot go on */

extern const struct fault_entry fault_table[], fault_table_end[];

/* A short list, and a fault is rare: no search structure. */
uint64_t fault_fixup(uint64_t rip)
{
	for (const struct fault_entry *e = fault_table; e < fault_table_end; e++)
		if (e->at == rip)
			return e->fixup;
	return 0;
}

/* There RSP may be the user's. */
static bool in_user_text(uint64_t rip)
{
	return rip >= (uint64_t)user_text && rip < (uint64_t)user_text_end;
}

/*
 * The processor has begun this IST stack anew while somebody still used it, and what that one needs
 * to get back lies under the new frame. A processor holds an NMI back until the IRET of the last
 * one, but a hypervisor that injects it need not; and vectors share IST_OTHER. One that is
 * interrupted in user.S need not be looked at: an NMI's handler never gets there, and whatever else
 * strikes there is a panic. Early in boot no IST stack is in use.
 */
static bool is_reused(const struct stack *s, const struct frame *f)
{
	return s && s != &percpu_this()->desc->main && !(f->cs & 3) && !in_user_text(f->rip) &&
	       f->rsp > s->base && f->rsp < s->top;
}

/*
 * The report gets a stack that the same vector cannot begin anew: #DF's, whose own handler never
 * returns either. If it is that one which was begun anew, the copy is the frame itself.
 */
static struct frame *lost(const struct frame *f)
{
	struct frame *to = (struct frame *)percpu_this()->desc->ist[IST_DF].top - 1;

	*to = *f;
	to->vector |= LOST;
	return to;
}

/*
 * #VC and #PF move to the interrupted stack, because they may strike again inside their own
 * handler: a #VC handler that executes CPUID, for example. The others stay on their IST stack: #DF
 * because the interrupted stack may be the cause, NMI, #GP and #UD because their handlers return
 * at once or panic.
 *
 * The interrupted stack can be used only when it is one of this CPU's and has ROOM left. The code
 * has no red zone, so all below its RSP is free. In user/user.S the handler stays as well.
 */
struct frame *exception_stack(struct frame *f)
{
	const struct stack *own = desc_stack_of(percpu_this(), (uint64_t)f), *s;
	struct frame *to;

	if (is_reused(own, f))
		return lost(f);
	if ((f->vector != VEC_VC && f->vector != VEC_PF) || in_user_text(f->rip))
		return f;
	s = desc_stack_of(percpu_this(), f->rsp);
	if (!s || s == own || f->rsp - s->base < ROOM + sizeof(*f))
		return f;
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
	if (f->vector & LOST) {
		f->vector &= ~LOST;
		panic_frame(f, "%s on a stack in use", exception_name(f->vector));
	}
	switch (f->vector) {
	case VEC_NMI: /* only counted */
		failstop_check();
		percpu_this()->nmi_count++;
		f->rip = sleep_resume(f->rip);
		return;
	case VEC_VC:
		/* not the fix-up first: an instruction that the platform completes may have one,
		 * for a fault behind a part that was done */
		if (platform->exception(f) || fixup(f))
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
	case VEC_MC: /* CR4.MCE is set, so the processor says so here instead of shutting down */
		panic_frame(f, "machine check");
	}
	panic_frame(f, "%s", exception_name(f->vector));
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "user/process_run.h"
#include "base/x86.h"
#include "mm/layout.h"
#include "user/usermode.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/timer.h"
#include "user/console.h"
#include "user/cpuid_user.h"
#include "user/elf.h"
#include "user/report.h"
#include "user/syscall.h"

#define FPU_SIZE   512
#define VEC_FIRST  32 /* external interrupts from here on */
#define RUN_MAX_NS 1000000000ull

static const char *load(struct process *p, const void *elf, size_t size)
{
	struct elf_program prog;
	uint64_t rsp = 0;
	const char *why = elf_load(&p->space, elf, size, &prog);

	if (!why)
		why = elf_stack(&p->space, p->name, &prog, &rsp);
	if (why)
		return why;
	p->brk_start = p->brk = prog.brk;
	p->regs = (struct user_regs){
		.rip = prog.entry,
		.cs = SEL_USER_CODE | 3,
		.rflags = RFLAGS_R1 | RFLAGS_IF,
		.rsp = rsp,
		.ss = SEL_USER_DATA | 3,
	};
	return NULL;
}

static const char *start(struct process *p, const void *elf, size_t size, size_t page_limit)
{
	p->fpu = alloc(FPU_SIZE);
	if (!p->fpu || !space_create(&p->space, page_limit))
		return "no memory";
	usermode_fpu_init(p->fpu);
	return load(p, elf, size);
}

struct process *process_create(const char *name, const void *elf, size_t size, size_t page_limit)
{
	struct process *p = alloc(sizeof(*p));
	const char *why = "no memory";

	syscall_init();
	if (p) {
		p->name = name;
		why = start(p, elf, size, page_limit);
	}
	if (!why)
		return p;
	log_error("%s: %s", name, why);
	if (p)
		process_destroy(p);
	return NULL;
}

void process_destroy(struct process *p)
{
	space_destroy(&p->space);
	alloc_free(p->fpu, FPU_SIZE);
	alloc_free(p, sizeof(*p));
}

static enum process_stop fault(struct process *p)
{
	console_flush(p);
	report_fault(p);
	return PROCESS_FAULTED;
}

/* False: go on. */
static bool system_call(struct process *p, enum process_stop *stop)
{
	struct user_regs *r = &p->regs;
	struct syscall_args args = {.a = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9}};

	switch (syscall_serve(p, r->rax, &args)) {
	case SYSCALL_RESUME:
		r->rax = args.result;
		return false;
	case SYSCALL_AGAIN:
		r->rip -= 2; /* 0f 05 */
		*stop = PROCESS_WAITS;
		return true;
	case SYSCALL_ANSWERED:
		r->rax = args.result;
		*stop = PROCESS_ANSWERED;
		return true;
	case SYSCALL_EXIT:
		console_flush(p);
		*stop = PROCESS_EXITED;
		return true;
	default:
		*stop = fault(p);
		return true;
	}
}

static void interrupt(uint64_t vector)
{
	static bool said;

	timer_interrupt();
	if (vector != TIMER_VECTOR && !said) {
		said = true;
		log_warn("user: interrupt %lu is nobody's", vector);
	}
}

/* What brought the process back? False: nothing that it has to stop for. */
static bool stopped(struct process *p, enum process_stop *stop)
{
	const struct user_regs *r = &p->regs;

	if (r->vector == USER_SYSCALL)
		return system_call(p, stop);
	if (r->vector == VEC_VC && cpuid_emulate(p))
		return false;
	if (r->vector >= VEC_FIRST) {
		interrupt(r->vector);
		*stop = PROCESS_PREEMPTED;
		return true;
	}
	*stop = fault(p);
	return true;
}

/* Far above a slice: then the host had stopped the machine, or the TSC was set back. */
static uint64_t used_since(uint64_t start)
{
	return MIN(rdtsc() - start, timer_ticks(RUN_MAX_NS));
}

enum process_stop process_run(struct process *p)
{
	enum process_stop stop = PROCESS_FAULTED;
	uint64_t start_tsc = rdtsc();

	usermode_load(p);
	do {
		user_enter(&p->regs);
	} while (!stopped(p, &stop));
	usermode_store(p);
	p->user_tsc += used_since(start_tsc);
	return stop;
}

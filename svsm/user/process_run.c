/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The life of a process: created from an ELF file, entered again and again, destroyed.
 * user/service/service.c and the self-tests call it. Whatever happens in ring 3 ends here as one
 * of five reasons to stop; nothing that a process does may end the SVSM.
 */
#include "user/process_run.h"
#include "base/x86.h"
#include "mm/layout.h"
#include "user/usermode.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/failstop.h"
#include "cpu/trap/hv.h"
#include "cpu/timer.h"
#include "user/console.h"
#include "user/elf.h"
#include "user/emulate.h"
#include "user/report.h"
#include "user/syscall.h"

#define FPU_SIZE   512
#define VEC_FIRST  32            /* vectors from here on are interrupts, below are exceptions */
#define RUN_MAX_NS 1000000000ull /* the most that one process_run() counts as time used */

/* #HVs in a row that bring no interrupt: then the turn's time is looked at again. */
#define SIGNALS_MAX 64

/* Registers not named here start as zeros, so nothing of the kernel's reaches the process. */
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

/* Also for a process whose creation failed half way: space and FPU image may be missing. */
void process_destroy(struct process *p)
{
	space_destroy(&p->space);
	alloc_free(p->fpu, FPU_SIZE);
	alloc_free(p, sizeof(*p));
}

/* A line that the process has begun may tell why it dies, so it goes out before the report. */
static enum process_stop fault(struct process *p)
{
	console_flush(p);
	report_fault(p);
	return PROCESS_FAULTED;
}

/* Serves one system call. True: process_run() has to return with *stop. False: back to ring 3. */
static bool system_call(struct process *p, enum process_stop *stop)
{
	struct user_regs *r = &p->regs;
	struct syscall_args args = {.a = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9}};

	switch (syscall_serve(p, r->rax, &args)) {
	case SYSCALL_RESUME:
		r->rax = args.result;
		return false;
	case SYSCALL_AGAIN:
		r->rip -= 2; /* back to SYSCALL (0f 05), to be made again */
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

/* Any vector from 32 on, because the hypervisor may inject any. All of them stop the process as
 * the timer's does; a vector that the SVSM does not use is worth one line in the log. True: the
 * turn is over by the clock as well. */
static bool interrupt(uint64_t vector)
{
	static bool said;
	bool over = timer_interrupt();

	if (vector != TIMER_VECTOR && !said) {
		said = true;
		log_warn("user: unexpected interrupt, vector %lu", vector);
	}
	return over;
}

/* A system call or an instruction has been served. Does ring 3 go on? Not when its turn is over:
 * where the hypervisor has not set the timer, no interrupt will say so. */
static bool turn_over(enum process_stop *stop)
{
	if (!timer_over())
		return false;
	*stop = PROCESS_PREEMPTED;
	return true;
}

/*
 * True: ring 3 has run, and came back for the reason in p->regs. False: an interrupt that came by
 * #HV ends the turn, when its end has come: every vCPU of the guest can write one into the doorbell
 * page, again and again, and must not keep ring 3 from running. One that does not bring an
 * interrupt (an NMI, or nothing) is like an NMI in ring 3: that goes on.
 */
static bool enter(struct process *p)
{
	for (unsigned i = 0; i < SIGNALS_MAX; i++) {
		const uint32_t *count = hv_count();
		uint32_t seen = READ_ONCE(*count);
		uint8_t vector = hv_take();

		failstop_check();
		if (vector && interrupt(vector))
			return false;
		if (user_enter(&p->regs, count, seen) && !(hv_used && p->regs.vector == VEC_HV))
			return true;
	}
	return false;
}

/* Finds out why ring 3 came back. True: process_run() has to return with *stop. False: it was a
 * system call or an instruction that has been served, and ring 3 goes on. */
static bool stopped(struct process *p, enum process_stop *stop)
{
	const struct user_regs *r = &p->regs;

	if (r->vector == USER_SYSCALL)
		return system_call(p, stop) || turn_over(stop);
	if (r->vector == VEC_VC && emulate_vc(p))
		return turn_over(stop);
	if (r->vector >= VEC_FIRST) {
		interrupt(r->vector);
		*stop = PROCESS_PREEMPTED;
		return true;
	}
	*stop = fault(p);
	return true;
}

/* A turn takes milliseconds. A larger difference means that the host had stopped the machine or
 * that the TSC was set back; a second at most counts, or the service would be taken for one that
 * hangs. */
static uint64_t used_since(uint64_t start)
{
	return MIN(rdtsc() - start, timer_ticks(RUN_MAX_NS));
}

/* The space stays loaded while system calls are served, because these copy from and to user
 * memory. Interrupts are off except in ring 3. No lock may be held. */
enum process_stop process_run(struct process *p)
{
	enum process_stop stop = PROCESS_FAULTED;
	uint64_t start_tsc = rdtsc();

	usermode_load(p);
	do {
		if (!enter(p)) {
			stop = PROCESS_PREEMPTED;
			break;
		}
	} while (!stopped(p, &stop));
	usermode_store(p);
	p->user_tsc += used_since(start_tsc);
	return stop;
}

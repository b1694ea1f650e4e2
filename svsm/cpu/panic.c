/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The end of the SVSM: what happened, where, a stack trace with symbols, and the platform's
 * termination. Called for what cannot happen, from any context, with any lock held. So it takes no
 * lock, allocates nothing, and must end the guest even if printing the report faults. The other
 * CPUs stop as soon as they see it (cpu/failstop.h), whatever the hypervisor makes of the
 * termination.
 */
#include <stdarg.h>
#include "base/x86.h"
#include "base/assert.h"
#include "mm/copy.h"
#include "cpu/desc.h"
#include "cpu/failstop.h"
#include "cpu/frame.h"
#include "mm/image.h"
#include "mm/layout.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "cpu/panic.h"
#include "cpu/percpu.h"
#include "lib/fmt.h"
#include "lib/symtab.h"
#include "platform/platform.h"

#define TRACE_MAX 32

static void print_at(const char *what, uint64_t rip)
{
	uint64_t off = 0;
	const char *name = symtab_find(kernel_text, kernel_text_end, rip, &off);

	log_error("%s %016lx %s+0x%lx", what, rip, name ? name : "?", off);
}

/* Also the boot stack, which no struct cpu_desc lists. */
static bool on_a_stack(uint64_t addr)
{
	uint64_t boot = (uint64_t)boot_stack;

	return desc_stack_of(percpu_this(), addr) ||
	       (addr >= boot && addr < boot + BOOT_STACK_SIZE);
}

/* Walks the frame pointers up the stack for as long as they stay on one of our stacks and rise. A
 * corrupt chain ends the trace, and so does a read that faults (mm/copy.h). */
static void print_trace(uint64_t rbp)
{
	for (unsigned i = 0; i < TRACE_MAX && rbp; i++) {
		uint64_t next, rip;

		if (!IS_ALIGNED(rbp, 8) || !on_a_stack(rbp) || fault_read64((void *)rbp, &next) ||
		    fault_read64((void *)(rbp + 8), &rip) || !rip)
			return;
		print_at("  from", rip);
		if (next <= rbp)
			return;
		rbp = next;
	}
}

/* Test builds only, because in user/user.S these are the registers of a service. */
static void print_registers(const struct frame *f)
{
	log_error("rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
	log_error("rsi %016lx rdi %016lx rbp %016lx rsp %016lx", f->rsi, f->rdi, f->rbp, f->rsp);
	log_error("r8  %016lx r9  %016lx r10 %016lx r11 %016lx", f->r8, f->r9, f->r10, f->r11);
	log_error("r12 %016lx r13 %016lx r14 %016lx r15 %016lx", f->r12, f->r13, f->r14, f->r15);
}

static void print_frame(const struct frame *f)
{
	log_error("vector %lu error %lx cs %lx ss %lx rflags %lx cr2 %lx cr3 %lx", f->vector,
		  f->error, f->cs, f->ss, f->rflags, read_cr2(), read_cr3());
	if (launch_shows_registers())
		print_registers(f);
	print_at("  at  ", f->rip);
}

/* A panic inside a panic prints less at depth 2 and nothing at depth 3. A second CPU that panics
 * waits so that the first can finish its report, but not for ever: the first one may hang. */
static void enter(void)
{
	if (++percpu_this()->panic_depth > 2) {
		failstop_reported();
		platform->terminate(0, 0);
	}
	failstop_begin();
}

/* Drains first what the ring still holds, so that the report stands behind the lines that led to
 * it. */
NORETURN static void finish(const char *fmt, va_list ap, const struct frame *f, uint64_t rbp)
{
	char msg[LOG_LINE_MAX - 32];

	enter();
	log_drain_last();
	fmt_vsnprintf(msg, sizeof(msg), fmt, ap);
	log_error("panic: %s", msg);
	if (percpu_this()->panic_depth == 1) {
		if (f)
			print_frame(f);
		print_trace(rbp);
	}
	log_drain_last();
	failstop_reported();
	platform->terminate(0, 0);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	finish(fmt, ap, NULL, (uint64_t)__builtin_frame_address(0));
	/* cppcheck-suppress va_end_missing ; finish() never returns */
}

void panic_frame(const struct frame *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	finish(fmt, ap, f, f->rbp);
	/* cppcheck-suppress va_end_missing ; finish() never returns */
}

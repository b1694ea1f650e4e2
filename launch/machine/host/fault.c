/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Reports of faults in host mode: an exception that the monitor took, or an assertion that did not
 * hold. Each says what, where and with which guest, and ends the run. It must work with anything
 * broken, so it takes no lock but the log's, whose wait is bounded, and reads only memory that is
 * mapped.
 */
#include "machine/host/fault.h"
#include "machine/host/exit.h"
#include "machine/host/log.h"
#include "machine/host/mem/paging.h"
#include "machine/host/park.h"
#include "machine/host/percpu.h"
#include "machine/host/upcall.h"
#include "machine/host_assert.h"
#include "machine/layout.h"
#include "abi/machine.h"
#include "base/x86.h"
#include "lib/symtab.h"

#define FRAMES_MAX 24

static const char *const names[32] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "?",   "#TS",
	"#NP", "#SS", "#GP", "#PF", "?",   "#MF", "#AC", "#MC", "#XF", "#VE", "#CP",
	"?",   "?",   "?",   "?",   "?",   "?",   "#HV", "#VC", "#SX", "?",
};

/* With the symbol that the second link put into the image, when there is one. */
static void print_address(const char *what, uint64_t addr)
{
	uint64_t offset;
	const char *name = symtab_find(image_start, image_text_end, addr, &offset);

	if (name)
		host_log("  %s %016llx %s+0x%llx", what, (unsigned long long)addr, name,
			 (unsigned long long)offset);
	else
		host_log("  %s %016llx", what, (unsigned long long)addr);
}

/* A stack may be what went wrong: look only where something is mapped. */
static bool peek(uint64_t va, uint64_t *value)
{
	uint64_t pa;

	if (va % 8 || !paging_lookup(va, &pa))
		return false;
	*value = *(const uint64_t *)va;
	return true;
}

void fault_backtrace(uint64_t rip, uint64_t rbp)
{
	print_address("at  ", rip);
	for (unsigned i = 0; i < FRAMES_MAX; i++) {
		uint64_t next, ret;

		if (!peek(rbp, &next) || !peek(rbp + 8, &ret) || !ret)
			break;
		print_address("from", ret);
		if (next <= rbp)
			break;
		rbp = next;
	}
}

static void print_registers(const struct trap_frame *f)
{
#define U(x) ((unsigned long long)(x))
	host_log("  rip %016llx cs %04llx rflags %08llx rsp %016llx ss %04llx", U(f->rip), U(f->cs),
		 U(f->rflags), U(f->rsp), U(f->ss));
	host_log("  rax %016llx rbx %016llx rcx %016llx rdx %016llx", U(f->rax), U(f->rbx),
		 U(f->rcx), U(f->rdx));
	host_log("  rsi %016llx rdi %016llx rbp %016llx r8  %016llx", U(f->rsi), U(f->rdi),
		 U(f->rbp), U(f->r8));
	host_log("  r9  %016llx r10 %016llx r11 %016llx r12 %016llx", U(f->r9), U(f->r10),
		 U(f->r11), U(f->r12));
	host_log("  r13 %016llx r14 %016llx r15 %016llx", U(f->r13), U(f->r14), U(f->r15));
	host_log("  cr0 %08llx cr2 %016llx cr3 %016llx cr4 %08llx", U(read_cr0()), U(read_cr2()),
		 U(read_cr3()), U(read_cr4()));
#undef U
}

/* A fault while one is reported: one more line, then none. */
static void enter_fault(void)
{
	unsigned depth = percpu()->fault_depth++;

	if (depth > 1)
		exit_now(MACHINE_END_MONITOR);
	if (depth)
		host_exit(MACHINE_END_MONITOR, "monitor fault, and another while reporting it");
}

/* Called from isr.c, on the stack of the exception. */
void fault_exception(const struct trap_frame *f)
{
	enter_fault();
	park_others();
	host_log("fault: %s (vector %u) error 0x%llx in the monitor",
		 f->vector < 32 ? names[f->vector] : "?", (unsigned)f->vector,
		 (unsigned long long)f->error);
	print_registers(f);
	fault_backtrace(f->rip, f->rbp);
	upcall_describe(host_cpu());
	host_exit(MACHINE_END_MONITOR, "monitor fault");
}

void host_fault(const char *fmt, ...)
{
	va_list ap;

	enter_fault();
	park_others();
	va_start(ap, fmt);
	log_vprint("fault: ", fmt, ap);
	va_end(ap);
	fault_backtrace((uint64_t)__builtin_return_address(0),
			*(uint64_t *)__builtin_frame_address(0));
	upcall_describe(host_cpu());
	host_exit(MACHINE_END_MONITOR, "monitor fault");
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The log's account of a process that ends by a fault. The process is still loaded, so its memory
 * at RIP can be read. Without a test build neither registers nor memory are shown, because the
 * host reads the log.
 */
#include "user/report.h"
#include "base/x86.h"
#include "cpu/trap/exception.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "lib/fmt.h"

#define BYTES 16

/* Byte by byte, because the page behind RIP may be missing. */
static void report_bytes(const struct process *p)
{
	char text[3 * BYTES + 1] = "";
	size_t n = 0;
	uint8_t b;

	for (unsigned i = 0; i < BYTES && user_copy_in(&b, p->regs.rip + i, 1); i++)
		n += fmt_scnprintf(text + n, sizeof(text) - n, " %02x", b);
	log_error("%s: bytes at rip:%s", p->name, n ? text : " not readable");
}

static void report_registers(const struct process *p)
{
	const struct user_regs *r = &p->regs;

	log_error("%s: rip %016lx rsp %016lx rbp %016lx rflags %lx", p->name, r->rip, r->rsp,
		  r->rbp, r->rflags);
	log_error("%s: rax %016lx rbx %016lx rcx %016lx rdx %016lx", p->name, r->rax, r->rbx,
		  r->rcx, r->rdx);
	log_error("%s: rsi %016lx rdi %016lx r8  %016lx r9  %016lx", p->name, r->rsi, r->rdi, r->r8,
		  r->r9);
	log_error("%s: r10 %016lx r11 %016lx r12 %016lx r13 %016lx", p->name, r->r10, r->r11,
		  r->r12, r->r13);
	log_error("%s: r14 %016lx r15 %016lx fs  %016lx", p->name, r->r14, r->r15, r->fs_base);
}

/* CR2 is read first: user_copy_in() may fault and overwrite it. */
void report_fault(struct process *p)
{
	const struct user_regs *r = &p->regs;
	uint64_t cr2 = read_cr2();

	if (r->vector == USER_SYSCALL)
		log_error("%s: fault: system call %lu (%lx, %lx, %lx)", p->name, r->rax, r->rdi,
			  r->rsi, r->rdx);
	else if (r->vector == VEC_PF)
		log_error("%s: fault: #PF error 0x%lx at 0x%lx", p->name, r->error, cr2);
	else
		log_error("%s: fault: %s error 0x%lx", p->name, exception_name(r->vector),
			  r->error);
	if (launch_shows_registers()) {
		report_registers(p);
		report_bytes(p);
	} else {
		log_error("%s: rip %016lx", p->name, r->rip);
	}
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Exceptions and interrupts of a bare guest. A test that expects a fault writes
 *
 *	struct fault f;
 *
 *	if (FAULT_CATCH(&f)) {
 *		... what may fault ...
 *		fault_release();
 *	}
 *	if (f.hit) ... f.vector, f.error, f.cr2 ...
 *
 * The first exception inside the block ends it. Execution then goes on behind the block, at CPL 0,
 * on the stack that was in use before. Locals that the block changes must be volatile. Catches do
 * not nest on one vCPU.
 */
#include "base/x86.h"

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

/* The first six are written by fault_save (entry.S): keep their order. */
struct fault {
	uint64_t save_rbx, save_rbp, save_r12, save_r13, save_r14, save_r15, save_rsp, save_rip;
	bool hit;
	uint8_t vector;
	uint64_t error, cr2;
	uint64_t rip, cs, rflags, rsp; /* at the fault */
	uint64_t handler_rsp;          /* the frame's own address: shows whether an IST was taken */
};

__attribute__((returns_twice)) uint64_t fault_save(struct fault *f);
void fault_release(void);
#define FAULT_CATCH(f) (fault_save(f) == 0)

#define FAULT_NONE     0xff
/* Runs fn(arg) and says what became of it. The vector, or FAULT_NONE. */
uint8_t fault_call(struct fault *f, void (*fn)(void *arg), void *arg);

typedef void (*trap_handler_fn)(struct trap_frame *f);
/* A handler for a vector on all vCPUs; NULL puts back the default (an exception ends the test, an
 * interrupt is counted in trap_count[] and not acknowledged). */
void trap_handler_set(uint8_t vector, trap_handler_fn fn);
extern volatile uint64_t trap_count[256];
/* What becomes of an exception that nobody waited for. fn may run on any vCPU, on the stack of the
 * exception, and must not come back. Before it is set such an exception terminates the guest. */
void trap_unexpected_set(void (*fn)(const struct trap_frame *t));

void trap_init(void);                               /* IDT contents; once, on the boot vCPU */
void trap_reset(void);                              /* no handlers, no catch, ISTs as at first */
void trap_cpu_init(unsigned cpu);                   /* GDT, TSS, IDTR of this vCPU */
void trap_idt_ist_set(uint8_t vector, uint8_t ist); /* 0 = none; 1..3 exist on every vCPU */
uint64_t trap_ist_top(unsigned cpu, unsigned ist);
/* What a VMSA of vCPU cpu must hold so that it runs with these tables. */
struct vmsa;
void trap_fill_vmsa(struct vmsa *v, unsigned cpu);

#define SEL_KCODE 0x08
#define SEL_KDATA 0x10
#define SEL_UDATA 0x1b
#define SEL_UCODE 0x23
#define SEL_TSS   0x28 /* 16 bytes a vCPU */

/* Enter CPL 3 at fn on a stack of its own. It ends by an exception: call within FAULT_CATCH. */
extern uint64_t trap_user_rflags; /* what it enters with: interrupts off, IOPL 0 */
NORETURN void trap_enter_user(void (*fn)(void), uint64_t stack_top);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Reports of what went wrong in host mode; host_fault() itself is declared in
 * machine/host_assert.h. */
#include "base/types.h"

/* What entry.S leaves on the stack, lowest address first. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* An exception in host mode: report and leave. */
NORETURN void fault_exception(const struct trap_frame *f);
/* Frames from rbp upwards to the log, with symbols. Touches only mapped memory. */
void fault_backtrace(uint64_t rip, uint64_t rbp);

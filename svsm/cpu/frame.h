/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the entry stubs (cpu/trap/entry.S) leave on the stack when an exception interrupts the
 * SVSM's own code. */
#include "base/types.h"

struct frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector;
	uint64_t error; /* 0 where the vector has none */
	uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct frame) == 22 * 8, "entry.S pushes 22 quadwords");

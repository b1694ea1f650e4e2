/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* percpu_this() reads GS:0, and on x86-64 Linux a thread's GS is its own to use. */
#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cpu/percpu.h"

/* This thread is that CPU from now on. */
static inline void gs_become(struct cpu *c)
{
	c->self = c;
	syscall(SYS_arch_prctl, ARCH_SET_GS, c);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * With -icount QEMU runs all CPUs in one thread, each until the next timer of the machine is due.
 * Up to QEMU 8.0 (rr_cpu_thread_fn()) the CPU that comes then has nothing left of that time, so
 * that one that computes is never left; and a CPU that arms the next timer itself is stopped in
 * that very store, and goes on only when others have used up the time until then. So no vCPU's own
 * timer can say when its turn is over: CPU 0 does, by an interrupt of its own vector, to the vCPUs
 * in turn. All of it with the option `turns` only.
 */
#include "machine/cpu/vcpu.h"

#define TURN_US 250

/* CPU 0, every TURN_US: the turn is the next vCPU's that has something to run. */
void turns_next(void);
/* Before each machine_run: while v's turn is over and another vCPU has one, that runs. An interrupt
 * of v's ends the wait, and was taken. On v's own CPU. */
void turns_wait(struct vcpu *v);

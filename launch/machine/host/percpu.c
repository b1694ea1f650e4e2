/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The CPUs' own data, in a section that machine.lds puts beside what every exit touches. */
#include "machine/host/percpu.h"

struct percpu percpus[HOST_MAX_CPUS] SECTION(".bss.percpu");

unsigned host_cpu(void)
{
	return percpu()->cpu;
}

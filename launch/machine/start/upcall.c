/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The machine's answers to the bare machine under it: which CPU runs which vCPU, and where
 * interrupts go.
 */
#include "machine/cpu/exec/describe.h"
#include "machine/cpu/exec/enter.h"
#include "machine/cpu/trail.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/uart.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/host/upcall.h"
#include "machine/hv/irq.h"
#include "machine/hv/run.h"

NORETURN void upcall_cpu_main(unsigned cpu)
{
	machine_cpu_init();
	hv_vcpu_main(machine_vcpus[cpu - 1]);
}

void upcall_interrupt(unsigned vector, bool level)
{
	hv_host_interrupt(vector, level);
}

/* CPU 0 has no guest. */
void upcall_napped(void)
{
	if (host_cpu())
		machine_vcpus[host_cpu() - 1]->napped = true;
}

void upcall_describe(unsigned cpu)
{
	if (cpu && smp_released() && machine_vcpus[cpu - 1])
		machine_describe(machine_vcpus[cpu - 1]);
}

/* One line that a program finds, where the state is many; the next exits say whether it moves. */
static void where(struct vcpu *v)
{
	if (gpa_eq(v->ctx[v->vmpl].vmsa, GPA_NONE))
		host_log("where: vCPU %u has no VMSA, waits", v->index);
	else
		host_log("where: vCPU %u VMPL %u RIP 0x%llx CPL %u%s", v->index, v->vmpl,
			 (unsigned long long)machine_rip(v), machine_cpl(v),
			 READ_ONCE(v->resting) ? ", waits" : "");
	if (v->trace_left != VCPU_TRACE_ALL)
		v->trace_left = VCPU_TRACE_SOME;
}

void upcall_where(void)
{
	unsigned cpu = host_cpu();

	upcall_describe(cpu);
	if (cpu && smp_released() && machine_vcpus[cpu - 1])
		where(machine_vcpus[cpu - 1]);
}

void upcall_end(void)
{
	uart_end();
	if (host_options.repeat)
		trail_end();
}

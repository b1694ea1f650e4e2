/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the model of the serial ports (dev/uart.c) stands on: QEMU's ports and the CPU's own time.
 */
#include "machine/dev/uart.h"
#include "machine/hv/irq.h"
#include "machine/host/percpu.h"
#include "machine/host/time.h"
#include "abi/machine.h"
#include "abi/q35.h"
#include "base/x86.h"

static void out_string(uint16_t port, const uint8_t *data, size_t n)
{
	__asm__ volatile("rep outsb" : "+S"(data), "+c"(n) : "d"(port) : "memory");
}

uint8_t uart_host_in(uint16_t port)
{
	return inb(port);
}

void uart_host_out(uint16_t port, uint8_t value)
{
	outb(port, value);
}

void uart_host_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	out_string(port, data, n);
}

/* Whether somebody keeps an SVSM's words: 0 until it is known. */
static enum {
	COPY_UNKNOWN,
	COPY_NO,
	COPY_YES
} copy;

bool uart_host_keeps(uint16_t base)
{
	return base == Q35_CONSOLE_PORT && machine_vcpus[host_cpu() - 1]->vmpl == VMPL_SVSM;
}

/* Two CPUs that look at once find the same. Console and copy come from one page of a guest, which
 * may change in between: it spoils its own log. */
void uart_host_keep(const uint8_t *data, size_t n)
{
	if (READ_ONCE(copy) == COPY_UNKNOWN)
		WRITE_ONCE(copy, inb(MACHINE_SVSM_PORT) == MACHINE_DEBUGCON ? COPY_YES : COPY_NO);
	if (copy == COPY_YES)
		out_string(MACHINE_SVSM_PORT, data, n);
}

uint64_t uart_host_tsc(void)
{
	return rdtsc();
}

uint64_t uart_host_ticks(uint64_t us)
{
	return host_tsc_khz() * us / 1000;
}

unsigned uart_host_cpu(void)
{
	return host_cpu();
}

/* CPU n runs vCPU n - 1, and only a guest's access brings us here. */
void uart_host_alarm(void)
{
	irq_timer_changed(machine_vcpus[host_cpu() - 1]);
}

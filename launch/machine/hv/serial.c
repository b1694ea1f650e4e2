/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the model of the serial ports (dev/uart.c) stands on: QEMU's ports and the CPU's own time.
 */
#include "machine/dev/uart.h"
#include "machine/hv/irq.h"
#include "machine/host/percpu.h"
#include "machine/host/time.h"
#include "base/x86.h"

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
	__asm__ volatile("rep outsb" : "+S"(data), "+c"(n) : "d"(port) : "memory");
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

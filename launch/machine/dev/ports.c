/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/ports.h"
#include "machine/dev/uart.h"
#include "abi/machine.h"
#include "abi/q35.h"
#include "base/x86.h"

/*
 * Ports that are not passed through. Those of the monitor and those that would let a guest disturb
 * the machine under it answer like an absent device; those that Linux polls answer so that it
 * stops at once (an absent one costs up to 100,000 reads). Which ports QEMU's q35 has beyond a
 * PC's: QEMU 7.2, the files named below.
 */
static const struct port_rule {
	uint16_t first, last;
	uint8_t in; /* what a byte reads as */
} rules[] = {
	{0x20, 0x21, 0xff}, /* PIC: its line is CPU 0's */
	{0x40, 0x43, 0x00}, /* PIT */
	{0x60, 0x60, 0xff}, /* keyboard controller */
	{0x61, 0x61, 0x20}, /* PIT channel 2: "out" is high */
	{0x64, 0x64, 0xff},
	{0x70, 0x77, 0x00}, /* CMOS: kvmclock has the date */
	/* hw/i386/kvmvapic.c: looks at the registers of the CPU, which are the monitor's */
	{0x7e, 0x7f, 0xff},
	{0x92, 0x92, 0x02}, /* hw/i386/port92.c: A20 gate, of all CPUs, and reset */
	{0xa0, 0xa1, 0xff},
	{0xb2, 0xb3, 0xff}, /* hw/isa/apm.c: SMI command */
	{MACHINE_EXIT_PORT, MACHINE_EXIT_PORT + 3, 0xff},
	{MACHINE_LOG_PORT, MACHINE_LOG_PORT, 0xff},
	{0x510, 0x51b, 0xff}, /* docs/specs/fw_cfg: the monitor's input */
	{0x600, 0x67f, 0x00}, /* hw/acpi/ich9.c: PM block, where SeaBIOS and OVMF put it */
	/* include/hw/acpi/cpu_hotplug.h, ICH9_CPU_HOTPLUG_IO_BASE: takes CPUs away */
	{0xcd8, 0xcf7, 0xff},
	{Q35_RESET_PORT, Q35_RESET_PORT, 0x00}, /* hw/isa/lpc_ich9.c */
	{0x5658, 0x5658, 0xff}, /* hw/i386/vmport.c: changes the registers of the CPU */
};

/* ACPI 6.5, 4.8.3.2.1 and 4.8.3.7; hw/isa/lpc_ich9.c; hw/input/pckbd.c */
#define SLP_EN_16   BIT(13)
#define SLP_EN_8    BIT(5)
#define RESET_CPU   BIT(2)
#define KBD_COMMAND 0x64
#define KBD_RESET   0xfe
#define PCI_ADDRESS 0xcf8

/* A wider access that touches one port of a rule falls under it as a whole. */
static const struct port_rule *rule_for(uint16_t port, unsigned size)
{
	unsigned i, last = port + size - 1;

	/* CF9 is a port of its own only for byte accesses. */
	if (port == PCI_ADDRESS && size == 4)
		return NULL;
	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (port <= rules[i].last && last >= rules[i].first)
			return &rules[i];
	return NULL;
}

/* The bus has eight bits there: a wider access is one of each byte. */
static bool touches_uart(uint16_t port, unsigned size)
{
	return uart_at(port) || uart_at((uint16_t)(port + size - 1));
}

static uint32_t in_by_bytes(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= ports_in((uint16_t)(port + i), 1) << 8 * i;
	return value;
}

static void out_by_bytes(uint16_t port, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++)
		ports_out((uint16_t)(port + i), 1, value >> 8 * i & 0xff);
}

uint32_t ports_in(uint16_t port, unsigned size)
{
	const struct port_rule *r = rule_for(port, size);

	if (size > 1 && touches_uart(port, size))
		return in_by_bytes(port, size);
	if (uart_at(port))
		return uart_in(port);
	if (r)
		return r->in * 0x01010101u & (size == 4 ? ~0u : (1u << size * 8) - 1);
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

/* ACPI sleep and reset registers: writes that end the run. */
static enum ports_event watch(uint16_t port, unsigned size, uint32_t value)
{
	if (port == Q35_POWEROFF_PORT && (value & (size == 1 ? SLP_EN_8 : SLP_EN_16)))
		return PORTS_POWER_OFF;
	if (port == Q35_POWEROFF_PORT + 1 && (value & SLP_EN_8))
		return PORTS_POWER_OFF;
	if (port == Q35_RESET_PORT && (value & RESET_CPU))
		return PORTS_RESET;
	if (port == KBD_COMMAND && (value & 0xff) == KBD_RESET)
		return PORTS_RESET_KEYBOARD;
	return PORTS_NOTHING;
}

enum ports_event ports_out(uint16_t port, unsigned size, uint32_t value)
{
	if (size > 1 && touches_uart(port, size)) {
		out_by_bytes(port, size, value); /* no port that watch() knows is near */
		return PORTS_NOTHING;
	}
	if (rule_for(port, size))
		return watch(port, size, value);
	if (uart_at(port))
		uart_out(port, (uint8_t)value);
	else if (size == 1)
		outb(port, value);
	else if (size == 2)
		outw(port, value);
	else
		outl(port, value);
	return PORTS_NOTHING;
}

bool ports_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	if (!uart_at(port))
		return false;
	uart_out_string(port, data, n);
	return true;
}

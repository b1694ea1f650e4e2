/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/ports.h"
#include "machine/dev/cmos.h"
#include "machine/dev/debugcon.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/dev/pic.h"
#include "machine/dev/pm.h"
#include "machine/dev/uart.h"
#include "abi/control.h"
#include "abi/machine.h"
#include "abi/psp_link.h"
#include "abi/q35.h"
#include "base/x86.h"

/*
 * Every port is of one of three kinds, looked for in this order:
 *   those with a rule    answer like an absent or idle device: the monitor's own, and those that
 *                        would let a guest disturb the machine under it
 *   those with a model   a device of the machine's own, or one of QEMU's behind a filter
 *   all others           are QEMU's
 * Which ports QEMU's q35 has beyond a PC's: QEMU 7.2, the files named below.
 */
static const struct port_rule {
	uint16_t first, last;
	uint8_t in; /* what a byte reads as */
} rules[] = {
	{0x60, 0x60, 0xff}, /* keyboard controller */
	{0x64, 0x64, 0xff},
	/* hw/i386/kvmvapic.c: looks at the registers of the CPU, which are the monitor's */
	{0x7e, 0x7f, 0xff},
	{0x92, 0x92, 0x02}, /* hw/i386/port92.c: A20 gate, of all CPUs, and reset */
	{MACHINE_EXIT_PORT, MACHINE_EXIT_PORT + 3, 0xff},
	{MACHINE_LOG_PORT, MACHINE_LOG_PORT, 0xff},
	{MACHINE_SVSM_PORT, MACHINE_SVSM_PORT, 0xff},
	{MACHINE_TRAIL_PORT, MACHINE_TRAIL_PORT, 0xff},
	{MACHINE_QUIESCE_PORT, MACHINE_QUIESCE_PORT + UART_PORTS - 1, 0xff},
	{MACHINE_PSP_PORT, MACHINE_PSP_PORT + UART_PORTS - 1, 0xff},
	/* include/hw/acpi/cpu_hotplug.h, ICH9_CPU_HOTPLUG_IO_BASE: takes CPUs away */
	{0xcd8, 0xcf7, 0xff},
	{Q35_RESET_PORT, Q35_RESET_PORT, 0x00}, /* hw/isa/lpc_ich9.c */
	{0x5658, 0x5658, 0xff}, /* hw/i386/vmport.c: changes the registers of the CPU */
};

/* hw/isa/lpc_ich9.c; hw/input/pckbd.c; hw/i386/port92.c */
#define RESET_CPU   BIT(2)
#define KBD_COMMAND 0x64
#define KBD_RESET   0xfe
#define FAST_PORT   0x92
#define FAST_RESET  BIT(0)

static uint32_t in_uart(uint16_t port, unsigned size)
{
	(void)size;
	return uart_in(port);
}

static bool out_uart(uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	uart_out(port, (uint8_t)value);
	return false;
}

static uint32_t in_pic(uint16_t port, unsigned size)
{
	(void)size;
	return pic_in(port);
}

static bool out_pic(uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	pic_out(port, (uint8_t)value);
	return false;
}

static uint32_t in_cmos(uint16_t port, unsigned size)
{
	(void)size;
	return cmos_in(port);
}

static bool out_cmos(uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	cmos_out(port, (uint8_t)value);
	return false;
}

static bool out_pciconf(uint16_t port, unsigned size, uint32_t value)
{
	disk_begin();
	pciconf_out(port, size, value);
	disk_end();
	return false;
}

static bool out_fwcfg(uint16_t port, unsigned size, uint32_t value)
{
	fwdev_out(port, size, value);
	return false;
}

static const struct port_model {
	uint16_t first, last;
	bool narrow; /* the bus has eight bits there: a wider access is one of each byte */
	uint32_t (*in)(uint16_t port, unsigned size);
	bool (*out)(uint16_t port, unsigned size, uint32_t value); /* true: power off */
} models[] = {
	{Q35_CONSOLE_PORT, Q35_CONSOLE_PORT + UART_PORTS - 1, true, in_uart, out_uart},
	{CONTROL_PORT, CONTROL_PORT + UART_PORTS - 1, true, in_uart, out_uart},
	{PIC_MASTER, PIC_MASTER + 1, true, in_pic, out_pic},
	{PIC_SLAVE, PIC_SLAVE + 1, true, in_pic, out_pic},
	{CMOS_INDEX, CMOS_DATA, true, in_cmos, out_cmos},
	{PM_APM_FIRST, PM_APM_LAST, true, pm_in, pm_out},
	/* apart, so that no wider access begins in one register and sleeps in the next */
	{PM_BLOCK_FIRST, Q35_POWEROFF_PORT - 1, false, pm_in, pm_out},
	{Q35_POWEROFF_PORT, Q35_POWEROFF_PORT + 1, false, pm_in, pm_out},
	{Q35_POWEROFF_PORT + 2, PM_BLOCK_LAST, false, pm_in, pm_out},
	{PCICONF_FIRST, PCICONF_LAST, false, pciconf_in, out_pciconf},
	{FWDEV_FIRST, FWDEV_LAST, false, fwdev_in, out_fwcfg},
};

/* A wider access that touches one port of a rule falls under it as a whole. */
static const struct port_rule *rule_for(uint16_t port, unsigned size)
{
	unsigned i, last = port + size - 1;

	/* CF9 is a port of its own only for byte accesses. */
	if (port == PCICONF_FIRST && size == 4)
		return NULL;
	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (port <= rules[i].last && last >= rules[i].first)
			return &rules[i];
	return NULL;
}

static const struct port_model *model_for(uint16_t port, unsigned size)
{
	unsigned i, last = port + size - 1;

	for (i = 0; i < ARRAY_LEN(models); i++)
		if (port <= models[i].last && last >= models[i].first)
			return &models[i];
	return NULL;
}

static bool by_bytes(const struct port_model *m, uint16_t port, unsigned size)
{
	return size > 1 && (m->narrow || port < m->first || port + size - 1 > m->last);
}

static uint32_t in_by_bytes(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= ports_in((uint16_t)(port + i), 1) << 8 * i;
	return value;
}

static enum ports_event out_by_bytes(uint16_t port, unsigned size, uint32_t value)
{
	enum ports_event first = PORTS_NOTHING;

	for (unsigned i = 0; i < size && first == PORTS_NOTHING; i++)
		first = ports_out((uint16_t)(port + i), 1, value >> 8 * i & 0xff);
	return first;
}

uint32_t ports_in(uint16_t port, unsigned size)
{
	const struct port_rule *r = rule_for(port, size);
	const struct port_model *m = r ? NULL : model_for(port, size);

	if (m && by_bytes(m, port, size))
		return in_by_bytes(port, size);
	if (m)
		return m->in(port, size);
	if (r)
		return r->in * 0x01010101u & (size == 4 ? ~0u : (1u << size * 8) - 1);
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

/* Reset registers: writes that end the run. */
static enum ports_event watch(uint16_t port, uint32_t value)
{
	if (port == Q35_RESET_PORT && (value & RESET_CPU))
		return PORTS_RESET;
	if (port == KBD_COMMAND && (value & 0xff) == KBD_RESET)
		return PORTS_RESET_KEYBOARD;
	if (port == FAST_PORT && (value & FAST_RESET))
		return PORTS_RESET_FAST;
	return PORTS_NOTHING;
}

enum ports_event ports_out(uint16_t port, unsigned size, uint32_t value)
{
	const struct port_rule *r = rule_for(port, size);
	const struct port_model *m = r ? NULL : model_for(port, size);

	if (r)
		return watch(port, value);
	if (m && by_bytes(m, port, size))
		return out_by_bytes(port, size, value);
	if (m)
		return m->out(port, size, value) ? PORTS_POWER_OFF : PORTS_NOTHING;
	if (size == 1)
		outb(port, value);
	else if (size == 2)
		outw(port, value);
	else
		outl(port, value);
	return PORTS_NOTHING;
}

bool ports_out_string(uint16_t port, const uint8_t *data, size_t n)
{
	if (uart_at(port))
		uart_out_string(port, data, n);
	else if (debugcon_at(port))
		debugcon_out_string(data, n);
	else
		return false;
	return true;
}

bool ports_in_string(uint16_t port, uint8_t *data, size_t n)
{
	if (port != FWDEV_DATA)
		return false;
	fwdev_in_string(data, n);
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/pm.h"
#include "abi/q35.h"
#include "base/x86.h"

#define CONTROL   Q35_POWEROFF_PORT
#define TIMER     0x608
#define TIMER_END 0x60c
#define ACPI_ON   2 /* commands of the APM port */
#define ACPI_OFF  3

/* ACPI 6.5, 4.8.3.2.1 */
#define SLP_EN_16 BIT(13)
#define SLP_EN_8  BIT(5)

/* An access that lies in registers of QEMU's and does not leave them. */
static bool is_real(uint16_t port, unsigned size)
{
	return port <= PM_APM_LAST || port + size <= TIMER_END;
}

uint32_t pm_in(uint16_t port, unsigned size)
{
	if (!is_real(port, size))
		return 0;
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

static bool sleeps(uint16_t port, unsigned size, uint32_t value)
{
	if (port == CONTROL)
		return value & (size == 1 ? SLP_EN_8 : SLP_EN_16);
	return port == CONTROL + 1 && (value & SLP_EN_8);
}

bool pm_out(uint16_t port, unsigned size, uint32_t value)
{
	if (sleeps(port, size, value))
		return true;
	if (!is_real(port, size) || port >= TIMER)
		return false;
	if (port == PM_APM_FIRST && value != ACPI_ON && value != ACPI_OFF)
		return false;
	if (size == 1)
		outb(port, (uint8_t)value);
	else if (size == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
	return false;
}

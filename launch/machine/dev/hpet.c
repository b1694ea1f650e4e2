/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/hpet.h"

/* IA-PC HPET 1.0a, 2.3.8 and 2.3.10: registers of a timer, which come again every 32 bytes */
#define TIMERS      0x100
#define TIMER_SIZE  0x20
#define CONFIG      0x00
#define MESSAGE     0x10 /* value, and address 4 further */
#define MESSAGE_END 0x18
#define CONFIG_FSB  BIT(14)

bool hpet_write(uint32_t offset, unsigned len, uint64_t *value)
{
	uint32_t reg = offset % TIMER_SIZE;

	if ((len != 4 && len != 8) || offset % len || offset + len > HPET_SIZE)
		return false;
	if (offset < TIMERS)
		return true;
	if (reg == CONFIG)
		*value &= ~CONFIG_FSB;
	return reg < MESSAGE || reg >= MESSAGE_END;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/hv/psp/port.h"
#include "abi/psp_link.h"
#include "base/x86.h"

uint8_t psp_port_in(unsigned reg)
{
	return inb((uint16_t)(MACHINE_PSP_PORT + reg));
}

void psp_port_out(unsigned reg, uint8_t value)
{
	outb((uint16_t)(MACHINE_PSP_PORT + reg), value);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* COM1. It is the firmware's to set up, and the only place that a person without a harness sees. */
#include <stdarg.h>

#include "bare/conform/conform.h"
#include "bare/lib/ghcb.h"
#include "abi/q35.h"
#include "abi/uart.h"
#include "base/x86.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define LCR_8N1     0x03
#define FCR_ON      0x01
#define MCR_DTR_RTS 0x03
#define LSR_THRE    0x20
#define LOOKS       100000 /* at a port that is never empty: then its bytes are lost */

static bool by_ghcb;

static void out(uint16_t reg, uint8_t v)
{
	if (by_ghcb)
		ghcb_out(Q35_CONSOLE_PORT + reg, 1, v);
	else
		outb(Q35_CONSOLE_PORT + reg, v);
}

static uint8_t in(uint16_t reg)
{
	uint32_t v = 0;

	if (!by_ghcb)
		return inb(Q35_CONSOLE_PORT + reg);
	ghcb_in(Q35_CONSOLE_PORT + reg, 1, &v);
	return (uint8_t)v;
}

void console_init(bool snp)
{
	by_ghcb = snp;
	out(UART_IER, 0);
	out(UART_LCR, LCR_8N1);
	out(UART_FCR, FCR_ON);
	out(UART_MCR, MCR_DTR_RTS);
}

/* As many bytes as the FIFO holds, once it is empty. */
static void send(const char *p, size_t n)
{
	for (unsigned i = 0; i < LOOKS && !(in(UART_LSR)&LSR_THRE); i++)
		cpu_relax();
	if (by_ghcb) {
		ghcb_out_string(Q35_CONSOLE_PORT + UART_DATA, p, n);
		return;
	}
	while (n--)
		out(UART_DATA, (uint8_t)*p++);
}

void console_write(const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t part = MIN(left, (size_t)UART_FIFO);

		send(text, part);
		text += part;
		left -= part;
	}
}

void console_printf(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_write(text);
}

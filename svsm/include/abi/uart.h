/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Registers of a 16550A from its base port, with LCR.DLAB = 0 (PC16550D data sheet, table II). */
enum uart_register {
	UART_DATA = 0, /* receiver when read, transmitter when written */
	UART_IER = 1,
	UART_IIR = 2,
	UART_FCR = 2, /* when written */
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_MSR = 6,
	UART_SCR = 7,
	UART_PORTS = 8,
};

#define UART_FIFO 16u /* bytes that the transmitter's FIFO holds */

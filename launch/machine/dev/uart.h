/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The serial ports that a guest finds at COM1 and COM2: the registers of a 16550A (PC16550D data
 * sheet, National Semiconductor). Under each lies a real port, QEMU's, which receives, raises the
 * interrupts and keeps the registers, but sends a byte in no time at all. A driver that fills the
 * FIFO when an interrupt says that it is empty would then never leave its handler. So what such a
 * driver sends waits here as long as a line would take, and the port says so: LSR.THRE and TEMT are
 * 0, and the interrupt comes when the bytes have left.
 *
 *   the guest has                  a byte that it writes
 *   IER.ETBEI = 1                  waits here; the CPU that wrote it passes it on, when the line is
 *                                  due or when its guest has nothing else to do (HLT)
 *   IER.ETBEI = 0 (it polls)       is passed on at once, behind those that wait
 *   MCR.LOOP = 1 (no line)         the same
 *   used REP OUTS                  the same, all of them under one lock
 *
 * The divisor is not looked at: the line is always one of 160 kbit/s, 16 bytes a millisecond. No
 * byte that waited is passed on while the real port has not sent those before it. Portable: what it
 * asks of its surroundings is below. Any CPU; a lock for each port.
 */
#include "abi/uart.h"
#include "base/types.h"

#define UART_FIFO_US 1000u

/* Once, before any guest runs: takes over the state that firmware has left the ports in. */
void uart_init(void);
bool uart_at(uint16_t port); /* is it one of these serial ports'? */
/* One byte in or out; the port must be one of theirs. */
uint8_t uart_in(uint16_t port);
void uart_out(uint16_t port, uint8_t value);
/* n bytes from memory that may change meanwhile: each is read once. */
void uart_out_string(uint16_t port, const uint8_t *data, size_t n);
/* When bytes that this CPU has written are due, in TSC ticks; 0: it has none that wait. */
uint64_t uart_due(void);
/* Pass on what this CPU has written and is due; all of it when its guest is idle. */
void uart_service(bool idle);
/* The end of the run: pass on all that waits. No other CPU runs, one may have stopped anywhere. */
void uart_end(void);

/* ---- What it asks for; hv/serial.c answers. ---- */

/* The real port. */
uint8_t uart_host_in(uint16_t port);
void uart_host_out(uint16_t port, uint8_t value);
void uart_host_out_string(uint16_t port, const uint8_t *data, size_t n);
/* Whether the words of who writes now, on this CPU, to the port at base are kept: the SVSM's are.
 */
bool uart_host_keeps(uint16_t base);
/* These are such, n bytes that may change meanwhile. Others may have set the same port's LCR.DLAB
 * or MCR.LOOP and cannot hide them so: what counts is how the SVSM has set it. */
void uart_host_keep(const uint8_t *data, size_t n);
uint64_t uart_host_tsc(void);
uint64_t uart_host_ticks(uint64_t us);
unsigned uart_host_cpu(void);
/* uart_due() was 0 and is not any more: this CPU shall call uart_service() then. */
void uart_host_alarm(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The channel's end in the kernel: a 16550 by port I/O. What the bytes mean is ring 3's business,
 * and so is the waiting. The guest and the host may do to the port what they like, so each exchange
 * sets it up anew, and no byte of it decides anything here.
 */
#include "abi/host/channel.h"
#include "abi/q35.h"
#include "abi/uart.h"
#include "lib/string.h"
#include "platform/platform.h"
#include "user/service/service.h"
#include "user/syscall.h"

#define LCR_8N1   0x03 /* and DLAB = 0 */
#define FCR_EMPTY 0xc7 /* FIFOs on, both emptied; 14 bytes a turn of QEMU's, not one */
/* A register that keeps what is written, and a port without a device does not. */
#define SCRATCH 0x5a

/* One service has the channel, and runs on one CPU at a time: no lock. */
static uint8_t bytes[SERVICE_CHANNEL_MAX];

static bool put(uint16_t at, uint8_t value)
{
	return platform->port_bytes(Q35_CHANNEL_PORT + at, &value, 1, false);
}

/* No interrupts and no loop back. */
static bool set_up(void)
{
	uint8_t scratch = 0;

	return put(UART_LCR, LCR_8N1) && put(UART_IER, 0) && put(UART_MCR, 0) &&
	       put(UART_FCR, FCR_EMPTY) && put(UART_SCR, SCRATCH) &&
	       platform->port_bytes(Q35_CHANNEL_PORT + UART_SCR, &scratch, 1, true) &&
	       scratch == SCRATCH;
}

static bool has_channel(const struct process *p)
{
	return p->service && p->service->channel && platform->port_bytes;
}

static enum syscall_then call_reset(struct process *p, struct syscall_args *args)
{
	return has_channel(p) && set_up() ? SYSCALL_RESUME : syscall_error(args, SYS_ENOENT);
}

/* Arguments: from, len. */
static enum syscall_then call_send(struct process *p, struct syscall_args *args)
{
	uint64_t n = MIN(args->a[1], sizeof(bytes));

	if (!has_channel(p))
		return syscall_error(args, SYS_ENOENT);
	if (!user_copy_in(bytes, args->a[0], n))
		return syscall_error(args, SYS_EFAULT);
	if (n && !platform->port_bytes(Q35_CHANNEL_PORT + UART_DATA, bytes, n, false))
		return syscall_error(args, SYS_EIO);
	args->result = (int64_t)n;
	return SYSCALL_RESUME;
}

/* Arguments: to, room. An empty FIFO reads as 0 (abi/host/channel.h), so nobody looks whether it
 * is. */
static enum syscall_then call_take(struct process *p, struct syscall_args *args)
{
	uint64_t n = MIN(args->a[1], sizeof(bytes));

	if (!has_channel(p))
		return syscall_error(args, SYS_ENOENT);
	if (n && !platform->port_bytes(Q35_CHANNEL_PORT + UART_DATA, bytes, n, true))
		return syscall_error(args, SYS_EIO);
	if (!user_copy_out(args->a[0], bytes, n))
		return syscall_error(args, SYS_EFAULT);
	args->result = (int64_t)n;
	return SYSCALL_RESUME;
}

/* In one piece; a machine without the port takes nothing. */
void service_channel_no_key(void)
{
	uint8_t frame[sizeof(CHANNEL_NO_KEY) - 1];

	memcpy(frame, CHANNEL_NO_KEY, sizeof(frame));
	if (platform->port_bytes && set_up())
		platform->port_bytes(Q35_CHANNEL_PORT + UART_DATA, frame, sizeof(frame), false);
}

SVSM_SYSCALL(SERVICE_CALL_CHANNEL_RESET, call_reset);
SVSM_SYSCALL(SERVICE_CALL_CHANNEL_SEND, call_send);
SVSM_SYSCALL(SERVICE_CALL_CHANNEL_TAKE, call_take);

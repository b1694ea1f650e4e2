/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Frames to and from the harness over COM2, each access an IOIO event of the GHCB. */
#include "bare/lib/control.h"
#include "bare/lib/fwfile.h"
#include "bare/lib/ghcb.h"
#include "abi/machine.h"
#include "abi/uart.h"
#include "base/x86.h"
#include "lib/script/script.h"
#include "lib/spinlock.h"
#include "lib/fmt.h"

#define FCR_ON      0x01
#define LCR_8N1     0x03
#define MCR_DTR_RTS 0x03
#define LSR_DATA    0x01
#define LSR_EMPTY   0x60

void spin_rest(uint64_t waited)
{
	(void)waited;
	cpu_relax();
}

static struct spinlock lock;
static uint32_t next_seq;
static uint8_t out[CONTROL_FRAME_MAX];
static struct control_decoder decoder;
static struct script script;       /* in place of the host's frames, where there is one */
static struct control_frame reply; /* the script's, to a HOST; HOST_REPLY: not taken yet */
static void (*diverted)(uint8_t type, const char *text, size_t length);

void control_init(void)
{
	ghcb_out(CONTROL_PORT + UART_IER, 1, 0);
	ghcb_out(CONTROL_PORT + UART_LCR, 1, LCR_8N1);
	ghcb_out(CONTROL_PORT + UART_FCR, 1, FCR_ON);
	ghcb_out(CONTROL_PORT + UART_MCR, 1, MCR_DTR_RTS);
	control_decoder_init(&decoder);
}

void control_find_script(void)
{
	static char text[SCRIPT_MAX];

	if (fwfile_text(MACHINE_FW_SCRIPT, text, sizeof(text)))
		script_open(&script, text);
}

static uint32_t line_status(void)
{
	uint32_t lsr = 0;

	ghcb_in(CONTROL_PORT + UART_LSR, 1, &lsr);
	return lsr;
}

/* Never more than the FIFO holds: when the host is slow, what comes on top is lost. */
static void uart_write(const uint8_t *p, size_t n)
{
	while (n) {
		size_t part = MIN(n, UART_FIFO);

		while ((line_status() & LSR_EMPTY) != LSR_EMPTY)
			cpu_relax();
		ghcb_out_string(CONTROL_PORT + UART_DATA, p, part);
		p += part;
		n -= part;
	}
}

void control_send(uint8_t type, const char *text, size_t length)
{
	spin_lock(&lock);
	if (type == CONTROL_HOST && script.text) {
		reply.type = CONTROL_HOST_REPLY;
		script_answer(&script, text, reply.payload, sizeof(reply.payload));
	}
	if (diverted)
		diverted(type, text, length);
	else
		uart_write(out,
			   control_frame_encode(out, sizeof(out), type, next_seq++, text, length));
	spin_unlock(&lock);
}

void control_printf(uint8_t type, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	control_send(type, text, MIN(n, sizeof(text) - 1));
}

void control_divert(void (*fn)(uint8_t type, const char *text, size_t length))
{
	diverted = fn;
}

/* A byte of the port, where one waits there. True: it completes a frame. */
static bool poll(struct control_frame *f)
{
	uint32_t byte;

	if (line_status() & LSR_DATA)
		return ghcb_in(CONTROL_PORT + UART_DATA, 1, &byte) &&
		       control_decoder_push(&decoder, (uint8_t)byte, f);
	cpu_relax();
	return false;
}

/* False: the host speaks. */
static bool from_script(struct control_frame *f)
{
	if (!script.text)
		return false;
	if (reply.type == CONTROL_HOST_REPLY) {
		*f = reply;
		reply.type = 0;
	} else {
		script_next(&script, f);
	}
	return true;
}

void control_receive(struct control_frame *f)
{
	if (from_script(f))
		return;
	if (control_decoder_again(&decoder, f))
		return;
	while (!poll(f))
		;
}

bool control_receive_within(struct control_frame *f, struct patience *p)
{
	if (from_script(f) || control_decoder_again(&decoder, f))
		return true;
	while (!patience_over(p, rdtsc())) {
		if (poll(f))
			return true;
	}
	return false;
}

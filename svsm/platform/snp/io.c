/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The log's console on SNP: text to a debugcon port, or to COM1 where the launch page says so. The
 * log calls it through platform->console_write, from any context.
 */
#include "abi/q35.h"
#include "mm/launch_area.h"
#include "mm/paging.h"
#include "lib/string.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/*
 * COM1 is the guest's as well. Its registers are left alone: QEMU sends what is written to a 16550
 * at once (hw/char/serial.c, serial_xmit()), and a look at them would cost an exit for 16 bytes.
 * A line that comes while the guest sets the divisor goes there, and is lost.
 */
static uint64_t port(void)
{
	return launch_info.flags & LAUNCH_FLAG_COM1 ? Q35_CONSOLE_PORT : Q35_DEBUGCON_PORT;
}

/* Fits the buffer. A line that was refused may have come out all the same, and then stands twice.
 */
static enum platform_result write_some(struct ghcb *g, const char *s, size_t n)
{
	uint64_t what = port() << 16 | IOIO_A64 | IOIO_SZ8 | IOIO_REP | IOIO_STR;
	enum platform_result r = PLATFORM_REFUSED;

	for (unsigned i = 0; r && i < GHCB_ATTEMPTS; i++) {
		memcpy(g->buffer, s, n);
		GHCB_SET(g, scratch, paging_pa(g).v + offsetof(struct ghcb, buffer));
		r = ghcb_call(g, GHCB_EXIT_IOIO, what, n);
	}
	return r;
}

/*
 * String output from the GHCB's shared buffer: one VMGEXIT for as much text as the buffer holds. A
 * debugcon never has to be polled, nor QEMU's 16550. False: no GHCB (nested too deeply), or the
 * hypervisor refused.
 */
bool snp_console_write(const char *s, size_t len)
{
	struct ghcb *g = ghcb_begin();
	enum platform_result r = PLATFORM_OK;

	if (!g)
		return false;
	while (len && !r) {
		size_t n = MIN(len, (size_t)GHCB_BUFFER_SIZE);

		r = write_some(g, s, n);
		s += n;
		len -= n;
	}
	ghcb_end(g);
	return !r;
}

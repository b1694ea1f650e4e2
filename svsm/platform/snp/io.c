/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Ports by string I/O. The log's console on SNP: text to a debugcon port, or to COM1 where the
 * launch page says so. The log calls it through platform->console_write, from any context.
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

/* The string form of port I/O, n bytes in the GHCB's buffer, which they fit. */
static enum platform_result string(struct ghcb *g, uint64_t port, size_t n, bool in)
{
	uint64_t what = port << 16 | IOIO_A64 | IOIO_SZ8 | IOIO_REP | IOIO_STR | (in ? IOIO_IN : 0);

	GHCB_SET(g, scratch, paging_pa(g).v + offsetof(struct ghcb, buffer));
	return ghcb_call(g, GHCB_EXIT_IOIO, what, n);
}

/* Fits the buffer. What was refused may have come out all the same, and then stands twice. */
static enum platform_result write_some(struct ghcb *g, uint64_t port, const void *bytes, size_t n)
{
	enum platform_result r = PLATFORM_REFUSED;

	for (unsigned i = 0; r && i < GHCB_ATTEMPTS; i++) {
		memcpy(g->buffer, bytes, n);
		r = string(g, port, n, false);
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

		r = write_some(g, port(), s, n);
		s += n;
		len -= n;
	}
	ghcb_end(g);
	return !r;
}

/* What is refused on the way in is not tried again: it may have been taken out of the device. */
bool snp_port_bytes(uint16_t port, void *bytes, size_t n, bool in)
{
	struct ghcb *g = ghcb_begin();
	bool ok;

	if (!g)
		return false;
	ok = n <= GHCB_BUFFER_SIZE &&
	     !(in ? string(g, port, n, true) : write_some(g, port, bytes, n));
	if (ok && in)
		memcpy(bytes, g->buffer, n);
	ghcb_end(g);
	return ok;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Port I/O: IN, OUT and their string forms, one access or a whole buffer a request; and the answer
 * in one exit that the option fast-ioio asks for. */
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/ports.h"
#include "machine/hv/irq.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "machine/hv/stop.h"
#include "abi/ghcb.h"
#include "lib/string.h"

/* GHCB, IOIO_PROT: SW_EXITINFO1 is the VMCB's IOIO information, APM vol. 2, 15.10.2. */

#define MAX_STRING 0x10000u /* bytes a single request may move */

/* In bytes; 0 when info names none or several. */
static unsigned size_of(uint64_t info)
{
	switch (info & (IOIO_SZ8 | IOIO_SZ16 | IOIO_SZ32)) {
	case IOIO_SZ8:
		return 1;
	case IOIO_SZ16:
		return 2;
	case IOIO_SZ32:
		return 4;
	default:
		return 0;
	}
}

/* A write that powers off or resets the machine ends the run here. */
static void out(struct vcpu *v, uint64_t info, uint32_t value)
{
	unsigned size = size_of(info);
	uint32_t mask = size == 4 ? ~0u : (1u << size * 8) - 1;

	switch (ports_out(IOIO_PORT(info), size, value & mask)) {
	case PORTS_NOTHING:
		break;
	case PORTS_POWER_OFF:
		stop_power_off(v);
	case PORTS_RESET:
		stop_reset(v, "port 0xcf9");
	case PORTS_RESET_KEYBOARD:
		stop_reset(v, "keyboard controller");
	case PORTS_RESET_FAST:
		stop_reset(v, "port 0x92");
	}
}

static uint32_t in(uint64_t info)
{
	return ports_in(IOIO_PORT(info), size_of(info));
}

/* One access after the other. False: the memory is not shared any more. */
static bool each(struct ghcb_call *c, uint8_t *data, uint64_t n, unsigned size)
{
	for (uint64_t i = 0; i < n; i++, data += size) {
		uint32_t v = 0;

		if (c->info1 & IOIO_IN) {
			v = in(c->info1);
			if (!ghcb_store(c, data, &v, size))
				return false;
		} else {
			memcpy(&v, data, size);
			out(c->v, c->info1, v);
		}
	}
	return true;
}

/* Where a port takes or gives many bytes at once. done: it did. */
static bool bytes(struct ghcb_call *c, uint8_t *data, uint64_t n, bool *done)
{
	uint16_t port = IOIO_PORT(c->info1);
	uint8_t some[1024];

	*done = true;
	if (!(c->info1 & IOIO_IN)) {
		*done = ports_out_string(port, data, n);
		return true;
	}
	for (uint64_t i = 0; i < n && *done; i += sizeof(some)) {
		uint64_t len = MIN(n - i, (uint64_t)sizeof(some));

		*done = ports_in_string(port, some, len);
		if (*done && !ghcb_store(c, data + i, some, len))
			return false;
	}
	return true;
}

/* INS and OUTS: info2 is the count, the data lies where SW_SCRATCH points. */
static void string(struct ghcb_call *c, unsigned size)
{
	uint64_t n = c->info1 & IOIO_REP ? c->info2 : 1;
	bool done = false, stored = true;
	uint8_t *data;

	if (!ghcb_needs_met(c, NEED_SCRATCH)) {
		ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
		return;
	}
	if (n > MAX_STRING / size) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return;
	}
	data = ghcb_scratch(c, n * size);
	if (!data) {
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	if (size == 1)
		stored = bytes(c, data, n, &done);
	if (!done)
		stored = each(c, data, n, size);
	if (!stored)
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
}

/* An address size or segment in info1 means nothing here: the data never lie where the
 * instruction says. A device may have raised its interrupt by what was written: it is taken now,
 * for it would end the next VMRUN at its first instruction. */
static void ioio(struct ghcb_call *c)
{
	unsigned size = size_of(c->info1);

	if (!size)
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
	else if (c->info1 & IOIO_STR)
		string(c, size);
	else if (c->info1 & IOIO_IN)
		ghcb_set_rax(c, in(c->info1));
	else if (!ghcb_needs_met(c, NEED_RAX))
		ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
	else
		out(c->v, c->info1, (uint32_t)c->rax);
	if (!(c->info1 & IOIO_IN))
		irq_take(c->v);
}

NAE_HANDLER(nae_ioio) = {
	.code = GHCB_EXIT_IOIO,
	.run = ioio,
	.stat = STAT_IOIO,
};

/* The string forms name guest memory, which the guest's own handler has to copy. */
bool vmm_fast_ioio(struct vcpu *v, uint32_t info, uint32_t *value)
{
	if (!size_of(info) || (info & IOIO_STR))
		return false;
	hv_count(v, STAT_IOIO_FAST);
	if (info & IOIO_IN)
		*value = in(info);
	else
		out(v, info, *value);
	return true;
}

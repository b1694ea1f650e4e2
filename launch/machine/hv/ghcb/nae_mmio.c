/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* MMIO by GHCB event, and the answer in one exit. */
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/mmio.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/irq.h"
#include "machine/hv/state/state.h"
#include "abi/ghcb.h"
#include "lib/string.h"
#include "lib/vapic/vapic.h"

/* GHCB, MMIO Read and MMIO Write: info1 is the address, info2 the length, SW_SCRATCH
 * the data. The local APIC's page is the VMPL's own. */

static bool in_lapic(uint64_t a)
{
	return a >= APIC_BASE_ADDR && a < APIC_BASE_ADDR + PAGE_SIZE;
}

/* The xAPIC page answers 32-bit accesses at multiples of 16, and only in xAPIC mode. */
static bool lapic_register(const struct vapic *a, uint64_t addr, unsigned len)
{
	return (a->base & APIC_BASE_ENABLE) && !apic_x2(a) && len == 4 && !(addr & 15);
}

/* An access that no register answers reads as ones. */
static uint64_t in(struct vcpu *v, uint64_t a, unsigned len)
{
	struct vapic *apic = hv_apic(v);

	if (!in_lapic(a))
		return mmio_read(a, len);
	return lapic_register(apic, a, len) ? apic_read(apic, (a & PAGE_MASK) >> 4) : ~0ull;
}

static void out(struct vcpu *v, uint64_t a, unsigned len, uint64_t value)
{
	struct vapic *apic = hv_apic(v);

	if (!in_lapic(a))
		mmio_write(a, len, value);
	else if (lapic_register(apic, a, len))
		apic_write(apic, (a & PAGE_MASK) >> 4, value);
}

/* Where the data lies, or NULL with the refusal set. */
static void *data_of(struct ghcb_call *c)
{
	uint64_t len = c->info2;
	void *data;

	if ((len != 1 && len != 2 && len != 4 && len != 8) || c->info1 + len < c->info1 ||
	    host_guest_ram(gpa(c->info1), len)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return NULL;
	}
	data = ghcb_scratch(c, len);
	if (!data)
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
	return data;
}

static void read(struct ghcb_call *c)
{
	void *data = data_of(c);
	uint64_t value;

	if (!data)
		return;
	value = in(c->v, c->info1, c->info2);
	if (!ghcb_store(c, data, &value, c->info2))
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
}

static void write(struct ghcb_call *c)
{
	void *data = data_of(c);
	uint64_t value = 0;

	if (!data)
		return;
	memcpy(&value, data, c->info2);
	out(c->v, c->info1, c->info2, value);
}

NAE_HANDLER(nae_mmio_read) = {
	.code = GHCB_EXIT_MMIO_READ,
	.run = read,
	.needs = NEED_SCRATCH,
	.stat = STAT_MMIO,
};

NAE_HANDLER(nae_mmio_write) = {
	.code = GHCB_EXIT_MMIO_WRITE,
	.run = write,
	.needs = NEED_SCRATCH,
	.stat = STAT_MMIO,
};

/* What Linux reaches often enough to matter: the interrupt controller's and the timer's registers.
 */
bool vmm_fast_mmio(struct vcpu *v, gpa_t g, unsigned len, bool write, uint64_t *value)
{
	if (!mmio_is_platform(g.v))
		return false;
	irq_sync(v);
	hv_count(v, STAT_MMIO_FAST);
	if (write)
		mmio_write(g.v, len, *value);
	else
		*value = mmio_read(g.v, len);
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the payload left for: the exit code in its VMSA is the error code of the #VC that it did not
 * get. APM vol. 2, 15.35.5 and appendix C. */
#include "abi/payload.h"
#include "bare/shim/relay.h"
#include "lib/string.h"

#define EXIT_PORT  0xf4 /* QEMU's isa-debug-exit, as its users put it */
#define MSR_X2_ICR 0x830
#define CPUID_SEV  0x8000001f
#define OSXSAVE    BIT(27)

static void fault(struct vmsa *v, uint8_t vector)
{
	inject(v, vector, vector == VEC_UD ? -1 : 0);
}

/* Behind the instruction; length where the processor has not told. */
static void skip(struct vmsa *v, unsigned length)
{
	v->rip = v->guest_nrip ? v->guest_nrip : v->rip + length;
}

/* The payload is to find an ordinary machine: nothing of SEV. */
static void processor(struct shim_cpu *c)
{
	struct vmsa *v = c->vmsa;
	uint32_t leaf = (uint32_t)v->rax, r[4] = {0};

	if (leaf != CPUID_SEV)
		ghcb_cpuid(leaf, (uint32_t)v->rcx, r);
	if (leaf == 1)
		r[2] = (r[2] & ~(uint32_t)OSXSAVE) | (v->cr4 & CR4_OSXSAVE ? OSXSAVE : 0);
	v->rax = r[0];
	v->rbx = r[1];
	v->rcx = r[2];
	v->rdx = r[3];
	skip(v, 2);
}

/* The hypervisor's answer to an access that no MSR takes is a #GP. */
static void msr(struct shim_cpu *c)
{
	struct vmsa *v = c->vmsa;
	bool write = v->guest_exit_info_1 & 1;
	uint64_t rip = v->rip, nrip;
	struct ghcb *g;

	if (write && (uint32_t)v->rcx == MSR_X2_ICR &&
	    startup_icr(c, (uint32_t)v->rax, (uint32_t)v->rdx, true)) {
		skip(v, 2);
		return;
	}
	g = relay_begin();
	GHCB_SET(g, rcx, (uint32_t)v->rcx);
	if (write) {
		GHCB_SET(g, rax, (uint32_t)v->rax);
		GHCB_SET(g, rdx, (uint32_t)v->rdx);
	}
	skip(v, 2);
	nrip = v->rip;
	if (relay(c, g, GHCB_EXIT_MSR, write, 0)) {
		if (v->rip == nrip)
			v->rip = rip;
		fault(v, VEC_GP);
	} else if (!write) {
		v->rax = (uint32_t)g->rax;
		v->rdx = (uint32_t)g->rdx;
	}
}

static uint32_t port(struct shim_cpu *c, uint64_t info, uint32_t value)
{
	struct ghcb *g = relay_begin();
	uint64_t plain = info & ~(uint64_t)(IOIO_STR | IOIO_REP);

	if (!(info & IOIO_IN) && IOIO_PORT(info) == EXIT_PORT)
		shim_exit(value);
	GHCB_SET(g, rax, value);
	return relay(c, g, GHCB_EXIT_IOIO, plain, 0) ? ~0u : (uint32_t)g->rax;
}

/* INS and OUTS, an element an exit. Their segment is ES, or DS, both with base 0 in a payload that
 * is flat. */
static void string_io(struct shim_cpu *c, uint64_t info, unsigned size)
{
	struct vmsa *v = c->vmsa;
	uint64_t *at = info & IOIO_IN ? &v->rdi : &v->rsi;
	uint64_t step = v->rflags & BIT(10) ? -(uint64_t)size : size;
	uint64_t n = info & IOIO_REP ? v->rcx : 1;

	for (; n; n--, *at += step) {
		uint32_t value = 0;

		if (!(info & IOIO_IN) && !linear_read(v, *at, &value, size))
			break;
		value = port(c, info, value);
		if ((info & IOIO_IN) && !linear_write(v, *at, &value, size))
			break;
	}
	if (n)
		shim_fail("string I/O at 0x%llx, where there is no memory",
			  (unsigned long long)*at);
	if (info & IOIO_REP)
		v->rcx = 0;
}

/* EXITINFO2 of IOIO is the RIP behind the instruction. */
static void ioio(struct shim_cpu *c)
{
	struct vmsa *v = c->vmsa;
	uint64_t info = v->guest_exit_info_1;
	unsigned size = info >> 4 & 7;

	v->rip = v->guest_exit_info_2;
	if (info & IOIO_STR)
		string_io(c, info, size);
	else if (info & IOIO_IN)
		shim_gpr_set(v, 0, size, port(c, info, 0));
	else
		port(c, info, (uint32_t)v->rax);
}

static void vmmcall(struct shim_cpu *c)
{
	struct vmsa *v = c->vmsa;
	struct ghcb *g = relay_begin();

	GHCB_SET(g, rax, v->rax);
	GHCB_SET(g, rbx, v->rbx);
	GHCB_SET(g, rcx, v->rcx);
	GHCB_SET(g, rdx, v->rdx);
	GHCB_SET(g, cpl, v->cpl);
	skip(v, 3);
	if (relay(c, g, GHCB_EXIT_VMMCALL, 0, 0))
		fault(v, VEC_UD);
	else
		v->rax = g->rax;
}

void events_serve(struct shim_cpu *c)
{
	struct vmsa *v = c->vmsa;

	switch (v->guest_exit_code) {
	case GHCB_EXIT_CPUID:
		processor(c);
		break;
	case GHCB_EXIT_MSR:
		msr(c);
		break;
	case GHCB_EXIT_IOIO:
		ioio(c);
		break;
	case GHCB_EXIT_VMMCALL:
		vmmcall(c);
		break;
	case VC_NPF:
		mmio_serve(c, v->guest_exit_info_2);
		break;
	case GHCB_EXIT_INVD:
	case GHCB_EXIT_WBINVD: /* caches are coherent */
		skip(v, 2);
		break;
	case GHCB_EXIT_RDPMC:
		fault(v, VEC_GP);
		break;
	case GHCB_EXIT_MONITOR:
	case GHCB_EXIT_MWAIT: /* not offered in CPUID */
		fault(v, VEC_UD);
		break;
	default:
		shim_fail("the payload left for 0x%llx (0x%llx, 0x%llx) at RIP 0x%llx",
			  (unsigned long long)v->guest_exit_code,
			  (unsigned long long)v->guest_exit_info_1,
			  (unsigned long long)v->guest_exit_info_2, (unsigned long long)v->rip);
	}
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/cpu/exec/counter.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/vcpu.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "machine/hv/stop.h"
#include "abi/ghcb.h"
#include "base/x86.h"

/* The events that take a line or two each. */

#define KVM_ENOSYS 1000 /* Linux 6.12, include/uapi/linux/kvm_para.h */

/* Accepted, and without effect here: caches are QEMU's, and MONITOR is not offered. */
static void nothing(struct ghcb_call *c)
{
	(void)c;
}

static void dr7_read(struct ghcb_call *c)
{
	/* As KVM answers when DebugSwap is off: the value that reset leaves. */
	ghcb_set_rax(c, 0x400);
}

/* RDTSC and RDTSCP are not intercepted; a guest may ask all the same. */
static void tsc(struct ghcb_call *c)
{
	uint64_t t = counter_of_guest(vcpu_ctx(c->v), rdtsc());

	ghcb_set_rax(c, (uint32_t)t);
	ghcb_set_rdx(c, t >> 32);
	if (c->code == GHCB_EXIT_RDTSCP)
		ghcb_set_rcx(c, fpu_tsc_aux());
}

static void rdpmc(struct ghcb_call *c)
{
	ghcb_exception(c, VEC_GP, true); /* no counters are offered */
}

/* No hypercall of KVM is offered. */
static void vmmcall(struct ghcb_call *c)
{
	ghcb_set_rax(c, -(uint64_t)KVM_ENOSYS);
}

/* The next NMI may come: IRET tells nobody in an SNP guest. */
static void nmi_done(struct ghcb_call *c)
{
	hv_apic(c->v)->nmi_blocked = false;
}

static void features(struct ghcb_call *c)
{
	c->out2 = nae_features();
}

static void terminate(struct ghcb_call *c)
{
	stop_terminated(c->v, c->info1 & 0xf, c->info1 >> 4 & 0xff);
}

/* Only SEV-ES without SNP has a jump table; SNP answers that there is none. GHCB, AP Jump Table. */
static void jump_table(struct ghcb_call *c)
{
	if (c->info1 > 1)
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
}

#define SIMPLE(name, event, fn, inputs)                                                            \
	NAE_HANDLER(name) = {.code = event, .run = fn, .needs = inputs, .stat = STAT_OTHER}

SIMPLE(nae_jump_table, GHCB_EXIT_AP_JUMP_TABLE, jump_table, 0);
SIMPLE(nae_nmi_done, GHCB_EXIT_NMI_DONE, nmi_done, 0);
SIMPLE(nae_dr7_read, GHCB_EXIT_DR7_READ, dr7_read, 0);
SIMPLE(nae_dr7_write, GHCB_EXIT_DR7_WRITE, nothing, NEED_RAX);
SIMPLE(nae_rdtsc, GHCB_EXIT_RDTSC, tsc, 0);
SIMPLE(nae_rdtscp, GHCB_EXIT_RDTSCP, tsc, 0);
SIMPLE(nae_rdpmc, GHCB_EXIT_RDPMC, rdpmc, NEED_RCX);
SIMPLE(nae_vmmcall, GHCB_EXIT_VMMCALL, vmmcall, NEED_RAX | NEED_CPL);
SIMPLE(nae_invd, GHCB_EXIT_INVD, nothing, 0);
SIMPLE(nae_wbinvd, GHCB_EXIT_WBINVD, nothing, 0);
SIMPLE(nae_monitor, GHCB_EXIT_MONITOR, nothing, NEED_RAX | NEED_RCX | NEED_RDX);
SIMPLE(nae_mwait, GHCB_EXIT_MWAIT, nothing, NEED_RAX | NEED_RCX);
SIMPLE(nae_hv_features, GHCB_EXIT_HV_FEATURES, features, 0);
SIMPLE(nae_terminate, GHCB_EXIT_TERMINATE, terminate, 0);

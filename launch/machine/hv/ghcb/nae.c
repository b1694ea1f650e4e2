/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/vcpu.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/state.h"
#include "machine/hv/stop.h"
#include "base/x86.h"

#define KVM_ENOSYS 1000

static void nae_nothing(struct ghcb_call *c)
{
	(void)c;
}

static void nae_dr7_read(struct ghcb_call *c)
{
	/* As KVM answers when DebugSwap is off: the value that reset leaves. */
	ghcb_set_rax(c, 0x400);
}

static void nae_rdtsc(struct ghcb_call *c)
{
	uint64_t t = rdtsc();

	ghcb_set_rax(c, (uint32_t)t);
	ghcb_set_rdx(c, t >> 32);
	if (c->code == GHCB_EXIT_RDTSCP)
		ghcb_set_rcx(c, vcpu_ctx(c->v)->tsc_aux);
}

static void nae_rdpmc(struct ghcb_call *c)
{
	ghcb_exception(c, VEC_GP, true); /* no counters are offered */
}

static void nae_vmmcall(struct ghcb_call *c)
{
	ghcb_set_rax(c, -(uint64_t)KVM_ENOSYS);
}

static void nae_nmi_done(struct ghcb_call *c)
{
	hv_apic(c->v)->nmi_blocked = false;
}

static void nae_features(struct ghcb_call *c)
{
	c->out2 = HV_FEATURES;
}

static void nae_terminate(struct ghcb_call *c)
{
	stop_terminated(c->v, c->info1 & 0xf, c->info1 >> 4 & 0xff);
}

/* Only SEV-ES without SNP has a jump table; SNP answers that there is none. GHCB 4.1.7. */
static void nae_jump_table(struct ghcb_call *c)
{
	if (c->info1 > 1)
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
}

static const struct {
	uint64_t code;
	void (*run)(struct ghcb_call *c);
	uint8_t needs; /* NEED_*; what depends on the infos is checked by the handler */
	uint8_t stat;
} table[] = {
	{GHCB_EXIT_MSR, nae_msr, NEED_RCX, STAT_MSR},
	{GHCB_EXIT_IOIO, nae_ioio, 0, STAT_IOIO},
	{GHCB_EXIT_CPUID, nae_cpuid, NEED_RAX | NEED_RCX, STAT_CPUID},
	{GHCB_EXIT_MMIO_READ, nae_mmio_read, NEED_SCRATCH, STAT_MMIO},
	{GHCB_EXIT_MMIO_WRITE, nae_mmio_write, NEED_SCRATCH, STAT_MMIO},
	{GHCB_EXIT_RUN_VMPL, nae_run_vmpl, 0, STAT_RUN_VMPL},
	{GHCB_EXIT_PSC, nae_psc, NEED_SCRATCH, STAT_PSC},
	{GHCB_EXIT_AP_CREATION, nae_ap_creation, 0, STAT_AP_CREATION},
	{GHCB_EXIT_HV_DOORBELL, nae_doorbell, 0, STAT_OTHER},
	{GHCB_EXIT_HV_IPI, nae_ipi, 0, STAT_OTHER},
	{GHCB_EXIT_APIC_IDS, nae_apic_ids, NEED_RAX, STAT_OTHER},
	{GHCB_EXIT_AP_HLT_LOOP, nae_ap_hold, 0, STAT_OTHER},
	{GHCB_EXIT_AP_JUMP_TABLE, nae_jump_table, 0, STAT_OTHER},
	{GHCB_EXIT_GUEST_REQ, nae_guest_request, 0, STAT_OTHER},
	{GHCB_EXIT_EXT_GUEST_REQ, nae_guest_request, NEED_RAX | NEED_RBX, STAT_OTHER},
	{GHCB_EXIT_NMI_DONE, nae_nmi_done, 0, STAT_OTHER},
	{GHCB_EXIT_DR7_READ, nae_dr7_read, 0, STAT_OTHER},
	{GHCB_EXIT_DR7_WRITE, nae_nothing, NEED_RAX, STAT_OTHER},
	{GHCB_EXIT_RDTSC, nae_rdtsc, 0, STAT_OTHER},
	{GHCB_EXIT_RDTSCP, nae_rdtsc, 0, STAT_OTHER},
	{GHCB_EXIT_RDPMC, nae_rdpmc, NEED_RCX, STAT_OTHER},
	{GHCB_EXIT_VMMCALL, nae_vmmcall, NEED_RAX | NEED_CPL, STAT_OTHER},
	{GHCB_EXIT_INVD, nae_nothing, 0, STAT_OTHER},
	{GHCB_EXIT_WBINVD, nae_nothing, 0, STAT_OTHER},
	{GHCB_EXIT_MONITOR, nae_nothing, NEED_RAX | NEED_RCX | NEED_RDX, STAT_OTHER},
	{GHCB_EXIT_MWAIT, nae_nothing, NEED_RAX | NEED_RCX, STAT_OTHER},
	{GHCB_EXIT_HV_FEATURES, nae_features, 0, STAT_OTHER},
	{GHCB_EXIT_TERMINATE, nae_terminate, 0, STAT_OTHER},
};

void nae_dispatch(struct ghcb_call *c)
{
	unsigned i;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].code != c->code)
			continue;
		hv_count(c->v, table[i].stat);
		if (ghcb_needs_met(c, table[i].needs))
			table[i].run(c);
		else
			ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
		return;
	}
	hv_count(c->v, STAT_OTHER);
	ghcb_fail(c, GHCB_ERR_INVALID_EVENT);
}

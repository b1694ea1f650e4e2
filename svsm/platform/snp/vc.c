/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * #VC in the SVSM itself: an instruction of ours that the hypervisor has to be asked about. The
 * exit code comes with the exception and may be a lie, because a hypervisor can inject vector 29.
 * So it must agree with the instruction at RIP. GHCB (56421), non-automatic exits; APM vol. 2,
 * 15.35.5.
 *
 * RDMSR and WRMSR are not emulated. Those MSRs that the hypervisor keeps are reached through
 * msr.c, and every other one is the processor's. If WRMSR were emulated, a hypervisor could skip
 * the one that sets SFMASK, and ring 3 would then choose DF and AC for the kernel; if RDMSR were,
 * it could answer for SEV_STATUS or GS_BASE.
 */
#include "abi/vmsa.h"
#include "base/x86.h"
#include "cpu/frame.h"
#include "mm/image.h"
#include "lib/insn/decode.h"
#include "log/log.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"
#include "platform/snp/vc_io.h"

static bool emulate_cpuid(struct frame *f)
{
	uint32_t r[4];

	snp_cpuid(f->rax, f->rcx, r);
	f->rax = r[0];
	f->rbx = r[1];
	f->rcx = r[2];
	f->rdx = r[3];
	return true;
}

/* With SecureTSC the processor executes RDTSC itself. A #VC for it is then made up, by a
 * hypervisor that wants a say in the time, and is refused. */
static bool emulate_tsc(struct frame *f, uint64_t exit, bool aux)
{
	bool secure = snp_sev_features() & SEV_FEAT_SECURE_TSC, ok;
	struct ghcb *g = secure ? NULL : ghcb_begin();
	uint64_t low = 0, high = 0;

	if (!g)
		return false;
	ok = !ghcb_call(g, exit, 0, 0) && GHCB_GET(g, rax, &low) && GHCB_GET(g, rdx, &high);
	f->rax = (uint32_t)low;
	f->rdx = (uint32_t)high;
	if (ok && aux) {
		ok = GHCB_GET(g, rcx, &low);
		f->rcx = (uint32_t)low;
	}
	ghcb_end(g);
	return ok;
}

/* An exit without arguments or results: WBINVD. */
static bool emulate_plain(uint64_t exit)
{
	struct ghcb *g = ghcb_begin();
	bool ok;

	if (!g)
		return false;
	ok = !ghcb_call(g, exit, 0, 0);
	ghcb_end(g);
	return ok;
}

/* In 64-bit mode the other segments have base 0. */
static uint64_t segment_base(uint8_t segment)
{
	if (segment == INSN_FS)
		return rdmsr(MSR_FS_BASE);
	return segment == INSN_GS ? rdmsr(MSR_GS_BASE) : 0;
}

/* False: the exit code does not belong to the instruction at RIP, or the hypervisor refused. The
 * #VC is then a panic. */
static bool emulate(struct frame *f, const struct insn *i)
{
	switch (i->kind) {
	case INSN_CPUID:
		return f->error == GHCB_EXIT_CPUID && emulate_cpuid(f);
	case INSN_IN:
	case INSN_OUT:
		return f->error == GHCB_EXIT_IOIO && vc_io(f, i);
	case INSN_INS:
	case INSN_OUTS:
		return f->error == GHCB_EXIT_IOIO && vc_io_string(f, i, segment_base(i->segment));
	case INSN_RDTSC:
		return f->error == GHCB_EXIT_RDTSC && emulate_tsc(f, f->error, false);
	case INSN_RDTSCP:
		return f->error == GHCB_EXIT_RDTSCP && emulate_tsc(f, f->error, true);
	case INSN_WBINVD:
		return f->error == GHCB_EXIT_WBINVD && emulate_plain(f->error);
	default:
		return false;
	}
}

/* INS or OUTS with a repeat prefix, of which more is to be done: RIP stays. */
static bool goes_on(const struct frame *f, const struct insn *i)
{
	return i->repeat && insn_cut(i, f->rcx);
}

/* Only for code of the image, which nobody can write: so the bytes at RIP are those that the CPU
 * has executed. */
bool snp_vc(struct frame *f)
{
	uint64_t end = (uint64_t)kernel_text_end;
	struct insn i;

	if (f->rip < (uint64_t)kernel_text || f->rip >= end)
		return false;
	i = decode_insn((const uint8_t *)f->rip, end - f->rip, INSN_MODE64);
	if (!emulate(f, &i))
		return false;
	log_debug("vc: exit %lx at %lx", f->error, f->rip);
	if (!goes_on(f, &i))
		f->rip += i.length;
	return true;
}

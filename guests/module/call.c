// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A call to the SVSM without the kernel's own functions, which are not exported everywhere.
 *
 * The calling area is the kernel's: MSR 0xC001F000 tells where this CPU's lies (58019, section 4; the
 * kernel's #VC handler answers, so no exit). The kernel uses it with interrupts off and on its own CPU
 * only; so do we, so its calls and ours cannot meet. Only call_pending is touched, and it is 0 before
 * and after.
 *
 * The call leaves by the GHCB MSR protocol, so no GHCB page is touched. Between our writing the MSR and
 * VMGEXIT nothing here raises #VC, but an NMI may come: its handler points the MSR at the kernel's GHCB
 * (any #VC in it, and the NMI's completion). Two things can happen then:
 *  - it came before VMGEXIT: the hypervisor finds a GHCB page that the handler left invalid, marks it
 *    so, and runs us again. The SVSM did not run, call_pending still stands, no register has changed:
 *    the call is made again. The kernel fills its GHCB anew before each use, so it sees no difference.
 *  - it came after VMGEXIT: the response is lost, but call_pending is clear: the SVSM took the call and
 *    the registers hold its answer.
 * Hence call_pending decides, and not the response: only the SVSM, or we, can clear it. The response says why
 * a call was not taken, so it is read when call_pending still stands after VMGEXIT, and then only: a
 * reading costs an exit.
 *
 * The kernel writes the MSR before each of its own uses; it is restored all the same, because user space
 * can execute VMGEXIT and must not find a request there. What is restored is the address of this CPU's
 * GHCB, as it was found before the CPU's first call: the kernel has one a CPU for as long as it runs, so
 * a handler that came in between has left the same. The hypervisor can change the MSR at any VMGEXIT;
 * nothing here rests on what it holds.
 */
#include <linux/cpuhotplug.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <asm/msr.h>

#include "svsm.h"

#define SVSM_MSR_GHCB		0xc0010130
#define SVSM_MSR_CAA		0xc001f000
#define SVSM_GHCB_RUN_VMPL	0x016 /* VMPL in bits 39:32 */
#define SVSM_GHCB_RUN_VMPL_RESP	0x017
#define SVSM_GHCB_INFO_MASK	0xfff

/* So many NMIs in a row, each in a window of a few instructions, are no accident. */
#define SVSM_TRIES 16

u64 svsm_bus_caa(void)
{
	u32 low, high;

	return rdmsr_safe(SVSM_MSR_CAA, &low, &high) ? 0 : (u64)high << 32 | low;
}

/*
 * What the kernel has told once: 0, not yet. Both stay as they are while a CPU is online, and reading either
 * costs one exit or more. A CPU that comes online asks anew.
 */
static DEFINE_PER_CPU(u64, known_caa);
static DEFINE_PER_CPU(u64, known_ghcb);

static int forget(unsigned int cpu)
{
	per_cpu(known_caa, cpu) = 0;
	per_cpu(known_ghcb, cpu) = 0;
	return 0;
}

static int online_state;

/* Before a CPU that comes online has run any task. */
int svsm_bus_calls_start(void)
{
	online_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "keelson:online", forget, NULL);
	return min(online_state, 0);
}

void svsm_bus_calls_stop(void)
{
	cpuhp_remove_state_nocalls(online_state);
}

/* The area is ordinary RAM of this kernel: the direct map has it. The caller stays on the CPU. */
static u8 *caa_here(void)
{
	u64 pa = this_cpu_read(known_caa);

	if (!pa) {
		pa = svsm_bus_caa();
		this_cpu_write(known_caa, pa);
	}
	return pa && PAGE_ALIGNED(pa) && pfn_valid(PHYS_PFN(pa)) ? __va(pa) : NULL;
}

int svsm_bus_caa_read(void *page)
{
	const u8 *caa = caa_here();

	if (!caa)
		return -ENODEV;
	memcpy(page, caa, PAGE_SIZE);
	return 0;
}

/* The GHCB's MSR is never intercepted; plain instructions, because tracing one could raise #VC. */
static __always_inline u64 ghcb_msr(void)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(SVSM_MSR_GHCB));
	return (u64)high << 32 | low;
}

static __always_inline void ghcb_msr_set(u64 value)
{
	asm volatile("wrmsr" : : "c"(SVSM_MSR_GHCB), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

/* What the MSR is to hold after a call. What is no address is the kernel's request or an answer to it: not kept. */
static u64 ghcb_here(void)
{
	u64 ghcb = this_cpu_read(known_ghcb);

	if (!ghcb) {
		ghcb = ghcb_msr();
		if (!(ghcb & SVSM_GHCB_INFO_MASK))
			this_cpu_write(known_ghcb, ghcb);
	}
	return ghcb;
}

/* call_pending goes up only when all registers are loaded: whenever VMPL0 runs, it finds a whole call. */
static __always_inline void vmgexit_call(struct svsm_bus_call *call, u8 *caa, u8 pending)
{
	register u64 r8 asm("r8") = call->r8;
	register u64 r9 asm("r9") = call->r9;

	asm volatile("movb %b[pending], %[flag]\n\t"
		     "rep; vmmcall"
		     : "+a"(call->rax), "+c"(call->rcx), "+d"(call->rdx), "+r"(r8), "+r"(r9),
		       [flag] "+m"(*caa)
		     : [pending] "r"(pending)
		     : "memory");
	call->r8 = r8;
	call->r9 = r9;
}

/*
 * One attempt, interrupts off. Return: the response that the GHCB MSR held afterwards, or, when the SVSM took
 * the call, the one that says so.
 */
static u64 attempt(struct svsm_bus_call *call, u8 *caa, struct svsm_bus_trace *trace)
{
	const u64 ghcb = ghcb_here();
	u64 resp = SVSM_GHCB_RUN_VMPL_RESP;

	ghcb_msr_set(SVSM_GHCB_RUN_VMPL);
	vmgexit_call(call, caa, trace->pending);
	if (!trace->pending || READ_ONCE(*caa))
		resp = ghcb_msr();
	ghcb_msr_set(ghcb);
	trace->pending = xchg(caa, 0);
	return resp;
}

static bool answered(u64 resp)
{
	return (resp & SVSM_GHCB_INFO_MASK) == SVSM_GHCB_RUN_VMPL_RESP;
}

static int call_irqs_off(struct svsm_bus_call *call, struct svsm_bus_trace *trace)
{
	const u8 pending = trace->pending;
	u8 *caa = caa_here();
	u64 resp;
	int i;

	if (!caa)
		return -ENODEV;
	if (READ_ONCE(*caa))
		return -EBUSY;
	for (i = 0; i < SVSM_TRIES; i++) {
		trace->pending = pending;
		resp = attempt(call, caa, trace);
		if (answered(resp) || (pending && !trace->pending))
			break;
	}
	if (answered(resp))
		trace->hv = resp >> 32;
	else
		trace->hv = pending && !trace->pending ? 0 : ~0u;
	return trace->hv || trace->pending ? -EIO : 0;
}

int svsm_bus_call_raw(struct svsm_bus_call *call, struct svsm_bus_trace *trace)
{
	struct svsm_bus_trace own = { .pending = 1 };
	unsigned long flags;
	int rc;

	local_irq_save(flags);
	rc = call_irqs_off(call, trace ?: &own);
	local_irq_restore(flags);
	return rc;
}

int svsm_bus_call(struct svsm_bus_call *call)
{
	int rc = svsm_bus_call_raw(call, NULL);

	if (rc)
		return rc;
	switch (call->rax) {
	case SVSM_BUS_SUCCESS:
		return 0;
	case SVSM_BUS_ERR_INCOMPLETE:
	case SVSM_BUS_ERR_BUSY:
		return -EAGAIN;
	case SVSM_BUS_ERR_UNSUPPORTED_PROTOCOL:
	case SVSM_BUS_ERR_UNSUPPORTED_CALL:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * NMIs into the SVSM. A processor holds the next one back until IRET, but a host injects by
 * EVENTINJ, which knows of no such thing (APM vol. 2, 15.20). Nested: the first frame is built
 * here, and the second NMI comes by EVENTINJ, so it strikes the first instruction of the handler.
 */
#include "machine/hostile/hostile.h"
#include "base/x86.h"
#include "base/x86_desc.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/exec/describe.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "machine/host/time.h"
#include "machine/hostile/deeds/dice.h"
#include "machine/hostile/deeds/ist.h"
#include "machine/hostile/deeds/service_cpu.h"
#include "machine/hv/state/state.h"

#define NMI_IST    4      /* svsm/cpu/desc.h */
#define NMI_STACK  0x3000 /* bytes, svsm/cpu/desc.c */
#define STORM_US   40     /* the most between two chances of a storm */
#define ONE_IN     4      /* chances bring an NMI */
#define NESTED_ONE 64     /* of them a nested one */

/* Not before there is an IDT with all vectors: the boot stub's way is boot_nmi.c's. */
static bool ready(struct vcpu *v)
{
	return v->vmpl == VMPL_SVSM && machine_can_inject_nmi(v) &&
	       vcpu_ctx(v)->vmcb->idtr.limit == 256 * sizeof(struct x86_gate) - 1;
}

/* Where VMRUN refuses the NMI there is no first frame either. */
static bool nest(struct vcpu *v)
{
	uint64_t rip = machine_rip(v), rsp = vcpu_ctx(v)->vmcb->rsp;
	unsigned cpl = machine_cpl(v);

	if (!machine_restricted(v) && !deliver_interrupt(v, VEC_NMI))
		return false;
	machine_inject_nmi(v);
	if (machine_restricted(v))
		return false;
	host_log("hostile: nested NMIs into VMPL 0 of vCPU %u at 0x%llx CPL %u, RSP 0x%llx",
		 v->index, (unsigned long long)rip, cpl, (unsigned long long)rsp);
	return true;
}

/* Once, on the service CPU, in ring 3 or behind a VMGEXIT of ring 0. */
static void nest_once(struct vcpu *v, uint8_t cpl)
{
	static uint64_t first;
	static bool done;

	if (done || !is_service_cpu(v) || !ready(v) || !is_at_work(v, &first))
		return;
	host_timer_arm(rdtsc() + host_tsc_khz() / 10); /* an exit of ring 3 without an interrupt */
	if (machine_cpl(v) == cpl && (cpl || vcpu_ctx(v)->vmcb->exit_code == SVM_EXIT_VMMCALL))
		done = nest(v);
}

static void nested(struct vcpu *v)
{
	nest_once(v, 0);
}

static void nested_user(struct vcpu *v)
{
	nest_once(v, 3);
}

/* The timer brings the CPU back soon; hv/irq.c arms it anew for whom it was meant. */
static uint32_t chance(struct vcpu *v)
{
	static uint32_t seed = 12345;
	uint32_t r = dice_draw(&seed);

	host_timer_arm(rdtsc() + host_tsc_khz() * STORM_US / 1000 * (r & 0xff) / 256);
	return ready(v) ? r >> 8 : 1;
}

/* A line for 64, 128, 256 ... of them, or nobody would know that there were any. */
static void blow(struct vcpu *v)
{
	static unsigned blown;
	unsigned n = __atomic_add_fetch(&blown, 1, __ATOMIC_RELAXED);

	machine_inject_nmi(v);
	if (n >= 64 && !(n & (n - 1)))
		host_log("hostile: %u NMIs into VMPL 0", n);
}

/* An NMI of another vCPU must not come into the handler of this one either: it waits for NMI
 * complete. */
static void storm(struct vcpu *v)
{
	if (v->vmpl != VMPL_SVSM || chance(v) % ONE_IN || ist_in_use(v, NMI_IST, NMI_STACK))
		return;
	hv_apic(v)->nmi_blocked = true;
	blow(v);
}

static void storm_nested(struct vcpu *v)
{
	uint32_t r = v->vmpl == VMPL_SVSM ? chance(v) : 1;

	if (r % NESTED_ONE == 0)
		nest(v);
	else if (r % ONE_IN == 0)
		blow(v);
}

HOSTILE_HOST(nested_nmi, "nested-nmi") = {.on = &nested_nmi_on, .before_run = nested};
HOSTILE_HOST(nested_nmi_user, "nested-nmi-user") = {.on = &nested_nmi_user_on,
						    .before_run = nested_user};
HOSTILE_HOST(nmi_storm, "nmi-storm") = {.on = &nmi_storm_on, .before_run = storm};
HOSTILE_HOST(nmi_storm_nested, "nmi-storm-nested") = {.on = &nmi_storm_nested_on,
						      .before_run = storm_nested};

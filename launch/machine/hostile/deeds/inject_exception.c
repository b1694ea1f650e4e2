/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Exceptions into the SVSM. The first one comes behind a VMGEXIT of the service CPU in the middle
 * of its work, or as the first thing that this CPU meets. Then there may be more: the same CPU,
 * which reports its panic, or each of the others, which come back from their guests.
 */
#include "machine/hostile/hostile.h"
#include "base/x86.h"
#include "machine/cpu/exec/describe.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/event/inject.h"
#include "machine/host/log.h"
#include "machine/hostile/deeds/service_cpu.h"

static uint32_t done; /* bit n: vCPU n has had one, atomic */

static void inject(struct vcpu *v, uint8_t vector)
{
	if (!machine_can_inject_nmi(v))
		return;
	__atomic_fetch_or(&done, BIT(v->index), __ATOMIC_RELAXED);
	event_exception(vcpu_ctx(v)->vmcb, vector, 0);
	host_log("hostile: vector %u into VMPL 0 of vCPU %u at 0x%llx", vector, v->index,
		 (unsigned long long)machine_rip(v));
}

static bool behind_vmgexit(struct vcpu *v)
{
	return v->vmpl == VMPL_SVSM && vcpu_ctx(v)->vmcb->exit_code == SVM_EXIT_VMMCALL;
}

/* True: the service CPU has had it, now or before. */
static bool at_work(struct vcpu *v, uint8_t vector)
{
	static uint64_t first;

	if (!done && is_service_cpu(v) && is_at_work(v, &first) && behind_vmgexit(v))
		inject(v, vector);
	return done;
}

static void ud(struct vcpu *v)
{
	at_work(v, VEC_UD);
}

static void mc(struct vcpu *v)
{
	at_work(v, VEC_MC);
}

static void ud_at_start(struct vcpu *v)
{
	if (!done && is_service_cpu(v))
		inject(v, VEC_UD);
}

/* The second comes into the panic, the third into the panic about that. */
static void ud_again(struct vcpu *v)
{
	static unsigned left = 2;
	bool before = done;

	if (at_work(v, VEC_UD) && before && left && is_service_cpu(v) && behind_vmgexit(v)) {
		left--;
		inject(v, VEC_UD);
	}
}

static void ud_everywhere(struct vcpu *v)
{
	if (at_work(v, VEC_UD) && !(done & BIT(v->index)) && behind_vmgexit(v))
		inject(v, VEC_UD);
}

HOSTILE_HOST(inject_ud, "inject-ud") = {.on = &inject_ud_on, .before_run = ud};
HOSTILE_HOST(inject_mc, "inject-mc") = {.on = &inject_mc_on, .before_run = mc};
HOSTILE_HOST(inject_ud_start, "inject-ud-start") = {.on = &inject_ud_start_on,
						    .before_run = ud_at_start};
HOSTILE_HOST(inject_ud_again, "inject-ud-again") = {.on = &inject_ud_again_on,
						    .before_run = ud_again};
HOSTILE_HOST(inject_ud_all, "inject-ud-all") = {.on = &inject_ud_all_on,
						.before_run = ud_everywhere};

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Changing the VMPL that runs. */
#include "machine/hv/vmpl.h"
#include "machine/hv/irq.h"
#include "machine/hv/state/state.h"
#include "machine/snp/vmsa_attach.h"

bool vmpl_run(struct vcpu *v, unsigned vmpl)
{
	struct hv_vcpu *h = hv_state(v);

	if (vmpl >= VMPL_COUNT || gpa_eq(v->ctx[vmpl].vmsa, GPA_NONE))
		return false;
	if (!machine_switch(v, vmpl))
		return false;
	h->halted[vmpl] = h->stays_halted[vmpl] && !irq_wakes(v);
	h->stays_halted[vmpl] = false;
	return true;
}

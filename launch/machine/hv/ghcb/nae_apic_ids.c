/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/vcpu.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "machine/snp/rmp/rmp.h"
#include "abi/ghcb.h"

/* GHCB, APIC ID list: SW_EXITINFO1 is a shared buffer of RAX pages; too few: RAX tells how many.
 * The vCPUs of services are VMPL0's business alone. */
static void apic_ids(struct ghcb_call *c)
{
	uint32_t n = c->v->vmpl == VMPL_SVSM ? machine_vcpu_count : machine_guest_vcpus();
	uint32_t *list;

	ghcb_set_rax(c, 1);
	if (c->rax == 0)
		return;
	if (!IS_ALIGNED(c->info1, PAGE_SIZE) || !rmp_is_shared(gpa(c->info1), PAGE_SIZE)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return;
	}
	list = guest_ptr(gpa(c->info1));
	for (uint32_t i = 0; i < n; i++)
		ghcb_store(c, &list[i + 1], &machine_vcpus[i]->apic_id, sizeof(*list));
	ghcb_store(c, &list[0], &n, sizeof(*list));
}

NAE_HANDLER(nae_apic_ids) = {
	.code = GHCB_EXIT_APIC_IDS,
	.run = apic_ids,
	.features = GHCB_HV_FEAT_APIC_ID_LIST,
	.needs = NEED_RAX,
	.stat = STAT_OTHER,
};

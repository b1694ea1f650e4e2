/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Makes the stub of vmplstub.c a vCPU at a lower VMPL, on this vCPU, and takes it away again. Tests
 * of VMPLs call it, on the boot vCPU at VMPL0. It must never leave a right behind:
 * vmplstub_remove() takes back all that vmplstub_build() gave, and checks it.
 */
#include "abi/vmsa.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/machine/region.h"
#include "bare/machine/vmplstub.h"

void vmplstub_build(unsigned region, unsigned vmpl, struct vmplstub *s)
{
	vmplstub_build_by(region, vmpl, s, GHCB_AP_CREATE);
}

void vmplstub_build_by(unsigned region, unsigned vmpl, struct vmplstub *s, unsigned op)
{
	struct vmsa *v = (struct vmsa *)VMPLSTUB_VMSA(region);

	vmplstub_prepare(region, vmpl, 0, vmplstub_entry, s, snp_features() | s->features);
	v->tsc_scale = s->tsc_scale;
	v->tsc_offset = s->tsc_offset;
	REQUIRE_EQ(ghcb_ap_create(percpu()->apic_id, vmpl, op, (uint64_t)v, v->sev_features), 0);
}

/*
 * The order is the hardware's: the pages are validated and filled at VMPL0, then the lower VMPL
 * gets its rights, then the page becomes a VMSA, and only then the hypervisor learns of it.
 */
void vmplstub_prepare(unsigned region, unsigned vmpl, unsigned cpu, void (*fn)(void *arg),
		      void *arg, uint64_t features)
{
	uint64_t vmsa = VMPLSTUB_VMSA(region);

	REQUIRE(region_reset(region));
	REQUIRE(region_validate(region, 1, 8));
	smp_fill_vmsa((struct vmsa *)vmsa, cpu, (uint8_t)vmpl, fn, arg, MEM_PAGE(region, 4));
	((struct vmsa *)vmsa)->sev_features = features;
	for (unsigned i = 2; i < 9; i++)
		REQUIRE_EQ(rmpadjust(MEM_PAGE(region, i), RMP_PG_4K, RMPADJUST_ATTR(vmpl, RMP_RWX)),
			   0);
	REQUIRE(region_image_rights(vmpl, RMP_RWX));
	REQUIRE_EQ(rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
}

/* The same backwards: the hypervisor forgets the VMSA before its page becomes an ordinary one. */
void vmplstub_call(unsigned vmpl, struct vmplstub *s, void (*fn)(void))
{
	uint64_t runs = s->runs;

	s->address = (uint64_t)fn;
	REQUIRE_EQ(ghcb_run_vmpl(vmpl), 0);
	REQUIRE_EQ(s->runs, runs + 1);
}

void vmplstub_remove(unsigned region, unsigned vmpl)
{
	vmplstub_remove_from(region, vmpl, percpu()->apic_id);
}

void vmplstub_remove_from(unsigned region, unsigned vmpl, uint32_t apic_id)
{
	CHECK_EQ(ghcb_ap_create(apic_id, vmpl, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(rmpadjust(VMPLSTUB_VMSA(region), RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_image_rights(vmpl, 0));
	CHECK(region_reset(region));
}

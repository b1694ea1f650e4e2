/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Ends the guest's old translations: the contract is in vmsa_flush.h. CREATE_VCPU calls it, with no
 * page locked, because it may wait. It must never say that it is done while a vCPU may still write
 * a page whose rights are gone, and never wait for longer than the limit.
 */
#include "task/vmsa_flush.h"
#include "cpu/wait.h"
#include "mm/guestpage.h"
#include "platform/vcpu.h"
#include "task/vmsa_registry.h"

static bool wait(gpa_t vmsa, struct patience *p)
{
	do {
		if (platform->vcpu->flushed(vmsa))
			return true;
		cpu_relax();
	} while (!svsm_patience_over(p));
	return false;
}

/*
 * The table is frozen: no VMSA is missed, and nothing is written to a page that has ceased to be
 * one.
 */
static bool one_by_one(void)
{
	struct patience p;
	bool done = true;
	gpa_t vmsa;

	for (unsigned i = 0; vmsa_registry_at(i, &vmsa); i++)
		if (!gpa_eq(vmsa, GPA_NONE))
			platform->vcpu->flush(vmsa);
	p = svsm_patience(VMSA_FLUSH_MS);
	for (unsigned i = 0; done && vmsa_registry_at(i, &vmsa); i++)
		done = gpa_eq(vmsa, GPA_NONE) || wait(vmsa, &p);
	return done;
}

bool vmsa_flush(void)
{
	bool done;

	if (guestpage_flush() == PLATFORM_OK)
		return true;
	vmsa_registry_freeze();
	done = one_by_one();
	vmsa_registry_thaw();
	return done;
}

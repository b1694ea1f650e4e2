/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A guest under the SVSM: validation and VMSAs are the SVSM's business. */
#include "bare/lib/vmpl.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/svsm.h"

/* The order is fixed: rescind first, then the page may change to shared. */
bool vmpl_page_shared(uint64_t gpa)
{
	return vmpl_page_validate(gpa, false) && ghcb_msr_psc(gpa, GHCB_PSC_SHARED) == 0;
}

/* And back: the page becomes private first, then it can be validated. */
bool vmpl_page_private(uint64_t gpa)
{
	return ghcb_msr_psc(gpa, GHCB_PSC_PRIVATE) == 0 && vmpl_page_validate(gpa, true);
}

bool vmpl_vmsa_create(uint64_t vmsa, uint64_t caa, uint32_t apic_id)
{
	return svsm(SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_CREATE_VCPU), vmsa, caa, apic_id, 0) ==
	       SVSM_SUCCESS;
}

bool vmpl_vmsa_delete(uint64_t vmsa)
{
	for (unsigned i = 0; i < 100000; i++) { /* its vCPU may take a moment to stop */
		if (svsm(SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_DELETE_VCPU), vmsa, 0, 0, 0) ==
		    SVSM_SUCCESS)
			return true;
		cpu_relax();
	}
	return false;
}

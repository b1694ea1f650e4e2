/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "machine/snp/rmp/rmp.h"
#include "abi/ghcb.h"

/* SW_EXITINFO2[63:32] of a guest request: the VMM's own error. The value is one that the GHCB
 * specification leaves free, as Linux chooses it: 6.12, include/uapi/linux/sev-guest.h. */
#define VMM_ERROR_GENERIC (BIT(31) << 32)

/*
 * SNP_GUEST_REQUEST: no security processor is attached to the native platform yet. The pages are
 * checked as KVM does, and the guest is told that its hypervisor failed; it keeps running.
 */
static void guest_request(struct ghcb_call *c)
{
	gpa_t request = gpa(c->info1), response = gpa(c->info2);

	if (!IS_ALIGNED(request.v, PAGE_SIZE) || !IS_ALIGNED(response.v, PAGE_SIZE) ||
	    gpa_eq(request, response) || !rmp_is_shared(request, PAGE_SIZE) ||
	    !rmp_is_shared(response, PAGE_SIZE)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return;
	}
	c->out2 = VMM_ERROR_GENERIC;
}

NAE_HANDLER(nae_guest_request) = {
	.code = GHCB_EXIT_GUEST_REQ,
	.run = guest_request,
	.stat = STAT_OTHER,
};

NAE_HANDLER(nae_ext_guest_request) = {
	.code = GHCB_EXIT_EXT_GUEST_REQ,
	.run = guest_request,
	.needs = NEED_RAX | NEED_RBX,
	.stat = STAT_OTHER,
};

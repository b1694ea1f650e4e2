/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* MSG_TSC_INFO_REQ: the counter of a guest with SecureTSC, for the VMSAs of its further vCPUs.
 * SEV-SNP firmware ABI (56860), 7; without SecureTSC there is nothing to tell, and all is zero. */
#include <string.h>

#include "harness/psp/payload.h"

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

size_t psp_tsc_info(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	struct tsc_info_response r = {0};

	(void)vmpck;
	if (n != TSC_INFO_REQUEST || !all_zero(in, n)) {
		r.status = SNP_STATUS_INVALID_PARAM;
	} else {
		r.scale = p->launch.tsc_scale;
		r.offset = p->launch.tsc_offset;
		r.factor = p->launch.tsc_factor;
	}
	memcpy(out, &r, sizeof(r));
	return sizeof(r);
}

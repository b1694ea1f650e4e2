/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "harness/verify/report_checks.h"
#include "harness/verify/verify.h"

/* The order matters: what refuses first is told, and what is not signed is not worth reading. */
bool verify(const struct evidence *e, const struct wanted *w, struct verdict *v)
{
	struct attestation_report r;
	struct signer s = {0};

	return report_form(e, &r, v) && chain_checked(e, &r, &s, v) && leaf_read(&s, v) &&
	       leaf_fits(&s, &r, v) && report_signed(&s, &r, v) && policy_allowed(w, &r, v) &&
	       vmpl_wanted(w, &r, v) && tcb_wanted(w, &s, &r, v) && fields_wanted(w, &s, &r, v) &&
	       data_bound(w, &r, v) && manifest_checked(w, v);
}

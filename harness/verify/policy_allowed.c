/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* POLICY and VMPL: 56860, "Guest Policy". */
#include <inttypes.h>

#include "harness/verify/report_checks.h"

#define POLICY_RESERVED_ONE BIT(17)
#define POLICY_MIGRATE_MA   BIT(18)
#define POLICY_DEBUG        BIT(19)
#define POLICY_KNOWN        (BIT(26) - 1)

bool policy_allowed(const struct wanted *w, const struct attestation_report *r, struct verdict *v)
{
	if (r->policy & ~(uint64_t)POLICY_KNOWN || !(r->policy & POLICY_RESERVED_ONE))
		return verdict_refuse(v, "policy",
				      "0x%" PRIx64
				      " has bits that are reserved, or bit 17 clear: use a "
				      "newer verifier",
				      r->policy);
	if (r->policy & POLICY_DEBUG && !w->allow_debug)
		return verdict_refuse(
			v, "policy",
			"0x%" PRIx64 " lets the host read and write the guest (bit 19, "
			"DEBUG): such a guest keeps no secret. --allow-debug is for tests",
			r->policy);
	if (r->policy & POLICY_MIGRATE_MA && !w->allow_migration)
		return verdict_refuse(v, "policy",
				      "0x%" PRIx64
				      " lets a migration agent move the guest (bit 18): "
				      "--allow-migration takes it",
				      r->policy);
	if (w->has_policy && r->policy != w->policy)
		return verdict_refuse(v, "policy",
				      "the report has 0x%" PRIx64 ", wanted is 0x%" PRIx64
				      ": the guest was launched with another one",
				      r->policy, w->policy);
	return verdict_ok(v, "policy", "0x%" PRIx64 "%s", r->policy,
			  r->policy & POLICY_DEBUG ? ", a guest that its host can look into" : "");
}

/* A manifest is the SVSM's word only in a report of VMPL 0: a guest can ask for any other. */
bool vmpl_wanted(const struct wanted *w, const struct attestation_report *r, struct verdict *v)
{
	/* A guest can put the hash of a manifest of its own into a report of its own VMPL. */
	uint32_t wanted = w->has_vmpl && !w->manifest.p ? w->vmpl : 0;

	if (!w->has_vmpl && !w->manifest.p)
		return verdict_open(v, "VMPL", "%u (--vmpl N)", r->vmpl);
	if (r->vmpl != wanted)
		return verdict_refuse(
			v, "VMPL",
			"the report is one of VMPL %u, wanted is %u: it says nothing of who "
			"runs at VMPL %u",
			r->vmpl, wanted, wanted);
	return verdict_ok(v, "VMPL", "%u", r->vmpl);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite apic (guests/bare/apic) as firmware, and what of it is not for everybody. */
#include "bare/conform/conform.h"
#include "bare/conform/left_out.h"
#include "bare/lib/bare.h"
#include "abi/svsm.h"

const struct left_out left_out[] = {
	{"illegal-vectors", "the public part of the draft does not say what becomes of them"},
	{"vcpu-anew", "nor what a new vCPU's APIC begins with"},
	{NULL, NULL},
};

void bare_main(void)
{
	conform_begin("conformance-apic", SVSM_PROTO_APIC);
}

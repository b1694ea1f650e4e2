/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite core (guests/bare/core) as firmware, and what of it is not for everybody. */
#include "bare/conform/conform.h"
#include "bare/conform/left_out.h"
#include "bare/lib/bare.h"
#include "abi/svsm.h"

const struct left_out left_out[] = {
	{"query-absent", "another SVSM may have these protocols"},
	{"vcpu-in-use", "whether a vCPU runs at a moment is the hypervisor's affair"},
	{"vcpu-startup", "nothing tells a guest where its startup vCPU's VMSA is"},
	{"shared-own-ca",
	 "what becomes of a vCPU that gave its calling area away is not specified"},
	{NULL, NULL},
};

void bare_main(void)
{
	conform_begin("conformance-core", SVSM_PROTO_CORE);
}

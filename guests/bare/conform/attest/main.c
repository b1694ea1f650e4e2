/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite attest (guests/bare/attest) as firmware, and what of it is not for everybody. */
#include "bare/conform/conform.h"
#include "bare/conform/left_out.h"
#include "bare/lib/bare.h"
#include "abi/svsm.h"

const struct left_out left_out[] = {
	{"codes", "its processor fails when a harness tells it to"},
	{"codes-certificates", "its processor fails when a harness tells it to"},
	{NULL, NULL},
};

void bare_main(void)
{
	conform_begin("conformance-attest", SVSM_PROTO_ATTEST);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite vtpm-raw (guests/bare/vtpm) as firmware, and what of it is not for everybody. */
#include "bare/conform/conform.h"
#include "bare/conform/left_out.h"
#include "bare/lib/bare.h"
#include "abi/svsm.h"

#define NO_RESET    "needs a TPM that is switched off and on"
#define NO_LOCALITY "needs localities above 0, which 58019 does not promise"
#define NO_TEST     "needs the test protocol of this project's SVSM"

const struct left_out left_out[] = {
	{"before-startup", NO_RESET},
	{"startup-no-state", NO_RESET},
	{"startup-state", NO_RESET},
	{"startup-restart", NO_RESET},
	{"reset-volatile", NO_RESET},
	{"pcr-start", NO_RESET},
	{"lockout-reset", NO_RESET},
	{"lockout-own", NO_RESET},
	{"exhaust-nv", NO_RESET},
	{"startup-locality", NO_RESET},
	{"pcr-locality", NO_LOCALITY},
	{"locality-own", NO_LOCALITY},
	{"policy-locality", NO_LOCALITY},
	{"race-localities", NO_LOCALITY},
	{"retry-locality", NO_LOCALITY},
	{"ek-public", NO_TEST},
	{"ek-lasting", NO_TEST},
	{"pages-alignment", "where in its page a request lies is EDK II's wish, and not specified"},
	{NULL, NULL},
};

void bare_main(void)
{
	conform_begin("conformance-vtpm", SVSM_PROTO_VTPM);
}

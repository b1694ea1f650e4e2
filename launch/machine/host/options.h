/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the harness asks the monitor for: the words in MACHINE_FW_OPTIONS (abi/machine.h). */
#include "base/types.h"

struct host_options {
	bool strict, stats, trace;
	bool turns;      /* all CPUs share one host thread (-icount): irq_turn() */
	bool boot_nmi;   /* a hostile host: an NMI where the boot stub asks for the C-bit */
	bool no_invlpgb; /* INVLPGB and TLBSYNC are undefined in a guest */
};
extern struct host_options host_options; /* written once, before any guest runs */

/* Fill it: words split by spaces or commas; unknown ones are logged. */
void options_read(void);

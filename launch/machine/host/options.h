/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the harness asks the monitor for: the words in MACHINE_FW_OPTIONS (abi/machine.h). */
#include "base/types.h"

struct host_options {
	bool strict, stats, trace;
	bool series;       /* exits as they come, too; stats then is set as well */
	bool rmp_map;      /* the states of all pages at the end */
	bool turns;        /* all CPUs share one host thread (-icount): irq_turn() */
	bool any_features; /* VMRUN takes every SEV_FEATURES bit; what is not modelled has no effect
			    */
	bool fast_ioio;    /* IN and OUT are answered in one exit, unless strict */
	bool no_invlpgb;   /* INVLPGB and TLBSYNC are undefined in a guest */
	bool tsc_adjust;   /* CPUID shows TSC_ADJUST, and writes to it count */
	bool quiesce;      /* the host may ask for a machine that can be saved: hv/quiesce.h */
	bool repeat;       /* MACHINE_FW_REPEAT is there, and seed and trail_from are its numbers */
	uint64_t seed, trail_from;
	bool hostile; /* a word of a hostile host was given (hostile/hostile.h) */
};
extern struct host_options host_options; /* written once, before any guest runs */

struct option_word {
	const char *word;
	bool *flag;
};

/* A hostile host registers its word with: OPTION_WORD(name) = {"word", &flag}; */
#define OPTION_WORD(name) static const struct option_word name SECTION("option_words") ALIGNED(8)

/* Fill it: words split by spaces or commas; unknown ones are logged. Numbers that are none end the
 * run. */
void options_read(void);

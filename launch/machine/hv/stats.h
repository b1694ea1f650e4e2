/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Counters of what the hypervisor's half was asked for, by VMPL. */
#include "machine/cpu/vcpu.h"

enum stat {
	STAT_VMGEXIT,
	STAT_HLT,
	STAT_INTR,
	STAT_WINDOW,
	STAT_PAUSE,
	STAT_MSR_PROTOCOL,
	STAT_CPUID,
	STAT_IOIO,
	STAT_MSR,
	STAT_MSR_FAST,
	STAT_MMIO,
	STAT_PSC,
	STAT_RUN_VMPL,
	STAT_AP_CREATION,
	STAT_OTHER,
	STAT_INJECTED,
	STAT_COUNT,
};

/* "stats: KEY VALUE" lines to the monitor's log; only at the end of a run. */
void stats_print(void);

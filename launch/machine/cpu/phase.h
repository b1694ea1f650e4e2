/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How far a run has come, by facts of the processor alone: whatever SVSM and guest it is, and
 * whatever they print. A phase that is reached is a line in the log, which the harness takes its
 * timeline from; the option stats counts exits by it.
 */
#include "machine/cpu/vcpu.h"

/* A run's parts: until a VMPL below the SVSM's runs, until that runs at CPL 3, and to the end. */
enum phase {
	PHASE_START,
	PHASE_KERNEL,
	PHASE_USER,
	PHASE_COUNT
};

extern uint32_t phase_now; /* enum phase; only ever grows; any CPU */
/* TSC at the VMRUN that it began with; 0: it did not. */
uint64_t phase_since(enum phase p);
const char *phase_name(enum phase p);

void phase_look(const struct vcpu *v, bool user);

/* v's current VMPL has just been left, at CPL 3 or not. After the last phase it is one load. */
static inline void phase_follow(const struct vcpu *v, bool user)
{
	if (READ_ONCE(phase_now) != PHASE_USER)
		phase_look(v, user);
}

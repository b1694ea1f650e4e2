/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * CPUID in ring 3 raises #VC. The answer is the CPUID page's (platform->cpuid), less what needs
 * state or rights that a process does not have: XSAVE and all that builds on it, FSGSBASE, and what
 * tells one CPU from another.
 */
#include "user/process.h"

/* Is this #VC a CPUID instruction? Then do it and step over it. Reads the loaded space. */
bool cpuid_emulate(struct process *p);

/* Portable: take from a leaf's answer what a process must not see. */
void cpuid_mask(uint32_t leaf, uint32_t sub, uint32_t r[4]);

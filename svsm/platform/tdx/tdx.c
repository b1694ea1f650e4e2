/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Intel TDX. Partitioning, in which the guest would be an L2 VM, is later work. Until then a TD is
 * recognised and refused. Port I/O in a TD is #VE, for which there is no handler this early, so it
 * ends as a triple fault and not with the line; the hypercall that could carry it is later work
 * too.
 */
#include "base/x86.h"
#include "platform/absent/absent.h"
#include "platform/platform.h"

#define LEAF_TDX 0x21 /* "IntelTDX    " in EBX, EDX, ECX: TDX module specification, CPUID */

static bool present(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] < LEAF_TDX)
		return false;
	cpuid(LEAF_TDX, 0, r);
	return r[1] == 0x65746e49 && r[3] == 0x5844546c && r[2] == 0x20202020;
}

static void early(uint32_t versions)
{
	(void)versions;
	absent_end("Keelson SVSM: this is a TD, and this version has no TDX part\n");
}

PLATFORM(tdx) = {.name = "TDX", .present = present, .early = early};

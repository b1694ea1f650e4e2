/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The tables were read from QEMU 10.2.2 and from a tree after 11.0. MADT came with a series of
 * January 2026, behind 10.2 and before 11.0. The command line was posted, and the device tree named
 * in the documentation, behind 11.1.
 */
#include "harness/igvm/releases.h"

#include <stdio.h>
#include <string.h>

/* handlers[] of backends/igvm.c, and platforms, which have a loop of their own */
static const struct {
	uint32_t type;
	unsigned since;
} taken[] = {
	{IGVM_SUPPORTED_PLATFORM, 1001}, {IGVM_GUEST_POLICY, 1001},   {IGVM_PAGE_DATA, 1001},
	{IGVM_VP_CONTEXT, 1001},         {IGVM_PARAMETER_AREA, 1001}, {IGVM_PARAMETER_INSERT, 1001},
	{IGVM_MEMORY_MAP, 1001},         {IGVM_VP_COUNT, 1001},       {IGVM_ENVIRONMENT_INFO, 1001},
	{IGVM_REQUIRED_MEMORY, 1001},    {IGVM_SNP_ID_BLOCK, 1001},   {IGVM_MADT, 1100},
	{IGVM_COMMAND_LINE, 1102},       {IGVM_DEVICE_TREE, 1102},
};

bool release_read(const char *name, unsigned *release)
{
	unsigned major, minor, patch;
	char rest;
	int n = sscanf(name, "qemu-%u.%u.%u%c", &major, &minor, &patch, &rest);
	bool whole = n == 3 || (n == 2 && sscanf(name, "qemu-%u.%u%c", &major, &minor, &rest) == 2);

	if (!whole || major > 999 || minor > 99)
		return false;
	*release = major * 100 + minor;
	return true;
}

bool release_knows(unsigned release, uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (taken[i].type == type)
			return release >= taken[i].since;
	return false;
}

bool release_offset_counts(uint32_t type)
{
	return type != IGVM_MEMORY_MAP && type != IGVM_MADT;
}

#define FIELDS(first, last)                                                                        \
	{                                                                                          \
		offsetof(struct vmsa, first),                                                      \
			offsetof(struct vmsa, last) + sizeof(((struct vmsa *)0)->last)             \
	}

/* check_vmsa_supported() of target/i386/sev.c; what lies behind the x87 state it does not see. */
static const struct {
	size_t from, to;
} kept[] = {
	FIELDS(es, tr),
	FIELDS(efer, efer),
	FIELDS(cr4, rip),
	FIELDS(rsp, rsp),
	FIELDS(rax, rax),
	FIELDS(g_pat, g_pat),
	FIELDS(rcx, rbx),
	FIELDS(rbp, r15),
	FIELDS(sev_features, sev_features),
	FIELDS(xcr0, xcr0),
	FIELDS(mxcsr, mxcsr),
	FIELDS(x87_fcw, x87_fcw),
	FIELDS(rsvd_670, rsvd_670),
};

int release_vmsa_lost(const struct vmsa *v)
{
	static const uint8_t zero[sizeof(struct vmsa)];
	struct vmsa rest = *v;

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		memset((uint8_t *)&rest + kept[i].from, 0, kept[i].to - kept[i].from);
	if (!memcmp(&rest, zero, sizeof(rest)))
		return -1;
	for (int at = 0;; at++)
		if (((uint8_t *)&rest)[at])
			return at;
}

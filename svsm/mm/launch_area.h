/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The pages of the SVSM's image that the IGVM loader fills (mm/launch_pages.S): the builder
 * finds them by these names. The launch_info page and the image are measured; the CPUID and secrets
 * pages are the security processor's; the parameter areas come from the host and are not to be
 * trusted.
 */
#include "abi/cpuid_page.h"
#include "abi/launch.h"
#include "abi/snp.h"
#include "abi/secrets.h"

extern const struct launch_info launch_info;
extern const struct snp_cpuid_page snp_cpuid_page;
extern struct snp_secrets snp_secrets_page;

/* Host's, hostile: */
#define IGVM_AREA_SIZE PAGE_SIZE
extern const uint8_t igvm_memory_map[IGVM_AREA_SIZE];
extern const uint8_t igvm_madt[IGVM_AREA_SIZE];
extern const uint8_t igvm_vp_count[IGVM_AREA_SIZE];
extern const uint8_t igvm_environment[IGVM_AREA_SIZE];

/* May the log, which the host reads, have registers? A hypervisor may inject an exception at any
 * instruction: outside of tests it would read a key out of them, a few words each time. */
static inline bool launch_shows_registers(void)
{
	return launch_info.flags & (LAUNCH_FLAG_TEST | LAUNCH_FLAG_SELFTEST | LAUNCH_FLAG_PANIC);
}

/* Refuse nonsense (ranges outside guest RAM, guest VMPL not 1..3): panics. */
void launch_area_check(void);

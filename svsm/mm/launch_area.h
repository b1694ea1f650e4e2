/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The pages of the SVSM's image that the IGVM loader fills (mm/launch_pages.S). The IGVM builder
 * finds them by their symbol names. Who fills which:
 *
 *   launch_info             the builder; measured, as the image is
 *   CPUID, secrets page     the security processor
 *   igvm_* areas            the host; not measured, not to be trusted
 */
#include "abi/cpuid_page.h"
#include "abi/launch.h"
#include "abi/snp.h"
#include "abi/secrets.h"

extern const struct launch_info launch_info;
extern const struct snp_cpuid_page snp_cpuid_page;
extern struct snp_secrets snp_secrets_page;

/* Filled by the host: hostile input. */
#define IGVM_AREA_SIZE PAGE_SIZE
extern const uint8_t igvm_memory_map[IGVM_AREA_SIZE];
extern const uint8_t igvm_madt[IGVM_AREA_SIZE];
extern const uint8_t igvm_vp_count[IGVM_AREA_SIZE];
extern const uint8_t igvm_environment[IGVM_AREA_SIZE];

/* May the log show registers? The host reads the log, and a hypervisor may inject an exception at
 * any instruction. Outside of test builds it could read a key out of the registers that way, a few
 * at a time. */
static inline bool launch_shows_registers(void)
{
	return launch_info.flags & (LAUNCH_FLAG_TEST | LAUNCH_FLAG_SELFTEST | LAUNCH_FLAG_PANIC);
}

/* Panics when a range or section lies outside guest RAM, the guest's kind or VMPL is out of range,
 * or launch_events_objection() or launch_sections_objection() has something to say. */
void launch_area_check(void);

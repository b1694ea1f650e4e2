/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What each vCPU of a bare guest owns. Found by the task register, so that no MSR is involved. */
#include "base/types.h"

#define PERCPU_COUNT 2

struct fault;
struct ghcb;
struct svsm_caa;

struct percpu {
	unsigned index;
	uint32_t apic_id;
	struct fault *catching; /* trap.h */
	struct ghcb *ghcb;      /* through the shared alias; NULL until ghcb_cpu_init */
	uint64_t ghcb_gpa;
	struct svsm_caa *caa; /* calling area; NULL at VMPL0 */
};

extern struct percpu percpu_area[PERCPU_COUNT];

static inline unsigned percpu_index(void)
{
	uint16_t tr;

	__asm__ volatile("str %0" : "=r"(tr));
	return tr < 0x28 ? 0 : (unsigned)(tr - 0x28) >> 4;
}

static inline struct percpu *percpu(void)
{
	return &percpu_area[percpu_index()];
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The HLT that an NMI ends (cpu/sleep.S), and what the NMI's handler must know about it.
 * task/wake.h has the protocol. */
#include "base/types.h"

/* HLT unless *count != seen. */
void sleep_unless(const uint32_t *count, uint32_t seen);
extern const char sleep_end[];
/* For the NMI handler: the RIP at which the interrupted code shall go on. */
static inline uint64_t sleep_resume(uint64_t rip)
{
	uint64_t start = (uint64_t)sleep_unless, end = (uint64_t)sleep_end;

	return rip >= start && rip < end ? end : rip;
}

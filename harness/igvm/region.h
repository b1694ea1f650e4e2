/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* How much memory the SVSM takes of a machine, which the builder writes into the launch page. */
#include <stdint.h>

#include "abi/machine.h"

#define REGION_DEFAULT_MEM  (64ull << 10) /* MiB: for machines up to here when nobody says */
#define REGION_MAX_MEM      MACHINE_MEM_MOST
#define REGION_DEFAULT_CPUS 16

/*
 * Bytes, a multiple of 2 MiB, for a machine of `mem` MiB of RAM and that many CPUs, those for
 * services included. More RAM than that is no fault of the SVSM's: it leaves it out
 * (boot/memory.c).
 */
uint64_t region_size(uint64_t mem, unsigned cpus);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where a guest under an SVSM has the memory of mem.h: chosen once, by the machine that it finds,
 * before a test runs.
 */
#include "bare/lib/mem.h"
#include "bare/lib/vmpl2.h"

struct mem_place {
	uint64_t base;    /* of MEM_REGIONS regions of 2 MiB */
	uint64_t svsm;    /* the first page of the SVSM's range */
	uint64_t not_ram; /* a page below 4 GiB that is neither RAM nor the local APIC */
};
extern struct mem_place mem_place;

#define MEM_BASE    (mem_place.base)
#define MEM_SVSM    (mem_place.svsm)
#define MEM_NOT_RAM (mem_place.not_ram)

/*
 * A range of `size` bytes, both 2 MiB aligned, in RAM below 3 GiB (what lib/paging.h maps as
 * private), that overlaps neither what the guest uses (its image, all ranges of *info but RAM) nor
 * [avoid, avoid + MEM_REGIONS regions). 0: there is none.
 */
uint64_t mem_find(const struct bare_info *info, uint64_t size, uint64_t avoid);
/* Fills in mem_place; a guest without room for its tests terminates. */
void mem_choose(const struct bare_info *info);

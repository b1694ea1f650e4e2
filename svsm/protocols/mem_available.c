/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How many pages the guest has deposited, and SVSM_MEM_AVAILABLE in the startup vCPU's calling
 * area. The core protocol's calls change the count and announce it, from any CPU. The field must
 * never stay older than the count.
 */
#include "protocols/mem_available.h"
#include "abi/svsm.h"
#include "mm/guest_mem.h"
#include "task/vmsa_registry.h"

static int64_t deposited; /* pages; atomic */

void mem_available_change(int64_t pages)
{
	__atomic_fetch_add(&deposited, pages, __ATOMIC_RELAXED);
}

uint8_t mem_available(void)
{
	return __atomic_load_n(&deposited, __ATOMIC_RELAXED) != 0;
}

static void write_it(gpa_t caa)
{
	guest_write8(gpa_add(caa, offsetof(struct svsm_caa, mem_available)), mem_available());
}

/*
 * LOCK_REGISTRY is held while write_it() reads the count and writes the field. So when two vCPUs
 * announce, the one that writes last has read the newest count.
 */
void mem_available_announce(void)
{
	vmsa_registry_with_startup_caa(write_it);
}

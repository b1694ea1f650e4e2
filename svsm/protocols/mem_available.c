/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
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

/* The registry's lock is held in write_it, so of two vCPUs the one that writes last has read last.
 */
void mem_available_announce(void)
{
	vmsa_registry_with_startup_caa(write_it);
}

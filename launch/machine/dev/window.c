/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/window.h"
#include "machine/host/mem/paging.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "base/x86.h"

#define PAGES 2
#define FLAGS (PTE_P | PTE_W | PTE_NX | PTE_G | PTE_A | PTE_D | BIT(4) /* PCD */)

static uint64_t *entries[HOST_MAX_CPUS][PAGES];

static uint64_t address(unsigned cpu)
{
	return WINDOW_BASE + cpu * PAGES * PAGE_SIZE;
}

void window_init(void)
{
	for (unsigned cpu = 0; cpu < host_cpus(); cpu++)
		for (unsigned i = 0; i < PAGES; i++)
			entries[cpu][i] = paging_entry(address(cpu) + i * PAGE_SIZE);
}

/* No other CPU uses these addresses, so none has an old translation. */
volatile void *window_map(hpa_t pa)
{
	unsigned cpu = host_cpu();
	uint64_t page = pa.v & ~PAGE_MASK, va = address(cpu);

	for (unsigned i = 0; i < PAGES; i++) {
		uint64_t entry = (page + i * PAGE_SIZE) | FLAGS;

		if (*entries[cpu][i] == entry)
			continue;
		*entries[cpu][i] = entry;
		invlpg(va + i * PAGE_SIZE);
	}
	return (volatile void *)(va + (pa.v & PAGE_MASK));
}

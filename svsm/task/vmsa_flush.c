/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "task/vmsa_flush.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"
#include "task/vmsa_registry.h"

static gpa_t pcpu_id_of(gpa_t vmsa)
{
	return gpa_add(vmsa, offsetof(struct vmsa, pcpu_id));
}

/* A page that cannot be reached was taken away by the host, so it is no VMSA: nobody runs it. */
static bool wait(gpa_t vmsa, uint64_t start)
{
	do {
		uint64_t id;

		if (!guest_read64(pcpu_id_of(vmsa), &id) || id)
			return true;
		if (guestpage_vmsa_barrier(vmsa) == PLATFORM_OK)
			return true;
		cpu_relax();
	} while (rdtsc() - start < VMSA_FLUSH_LIMIT);
	return false;
}

/* Frozen: no VMSA is missed, and nothing is written to a page that has ceased to be one. */
static bool by_pcpu_id(void)
{
	uint64_t start;
	bool done = true;
	gpa_t vmsa;

	for (unsigned i = 0; vmsa_registry_at(i, &vmsa); i++)
		guest_write64(pcpu_id_of(vmsa), 0);
	start = rdtsc();
	for (unsigned i = 0; done && vmsa_registry_at(i, &vmsa); i++)
		done = wait(vmsa, start);
	return done;
}

bool vmsa_flush(void)
{
	bool done;

	if (guestpage_flush() == PLATFORM_OK)
		return true;
	vmsa_registry_freeze();
	done = by_pcpu_id();
	vmsa_registry_thaw();
	return done;
}

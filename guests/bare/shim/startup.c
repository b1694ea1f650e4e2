/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * INIT and SIPI, which a guest of SEV-SNP has no way to send: a vCPU starts by AP_CREATION with a
 * VMSA, and only VMPL0 can make one.
 */
#include "bare/lib/vmpl.h"
#include "bare/shim/shim.h"

#define MODE(icr)      ((icr) >> 8 & 7)
#define SHORTHAND(icr) ((icr) >> 18 & 3)
#define LEVEL          BIT(14)
#define TRIGGER        BIT(15)
#define MODE_INIT      5
#define MODE_SIPI      6

enum shorthand {
	BY_DEST,
	SELF,
	ALL,
	OTHERS,
};

static bool meant(unsigned cpu, unsigned shorthand, uint32_t dest, uint32_t all)
{
	if (shorthand == BY_DEST)
		return dest == all || dest == vmpl_apic_id(cpu);
	return shorthand != SELF && (shorthand == ALL || cpu != percpu_index());
}

bool startup_icr(struct shim_cpu *c, uint32_t low, uint32_t dest, bool x2)
{
	unsigned mode = MODE(low);

	(void)c;
	if (mode != MODE_INIT && mode != MODE_SIPI)
		return false;
	if (mode == MODE_INIT && !(low & LEVEL) && (low & TRIGGER))
		return true; /* the old INIT level de-assert: nothing happens */
	for (unsigned i = 0; i < shim_cpus(); i++) {
		if (!meant(i, SHORTHAND(low), dest, x2 ? ~0u : 0xff))
			continue;
		if (mode == MODE_INIT)
			vcpus_stop(i);
		else
			vcpus_start(i, (uint8_t)low);
	}
	return true;
}

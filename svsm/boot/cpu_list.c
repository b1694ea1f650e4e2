/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The list of CPUs to start. An IGVM loader may not know the MADT (QEMU 10.1 and 10.2 refuse a file
 * that asks for one), so there are other ways to it, in the order of what they tell.
 */
#include "boot/cpu_list.h"
#include "lib/madt.h"
#include "log/log.h"
#include "mm/launch_area.h"
#include "platform/platform.h"

/* Keeps the first of those that are equal. */
static unsigned without_doubles(uint32_t *ids, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned j = 0;

		while (j < kept && ids[j] != ids[i])
			j++;
		if (j == kept)
			ids[kept++] = ids[i];
	}
	return kept;
}

static unsigned counted(uint32_t *ids, unsigned max)
{
	uint32_t n = MIN(READ_ONCE(*(const uint32_t *)igvm_vp_count), max);

	for (uint32_t i = 0; i < n; i++)
		ids[i] = i;
	return n;
}

unsigned cpu_list(uint32_t *ids, unsigned max)
{
	unsigned n = madt_apic_ids(igvm_madt, IGVM_AREA_SIZE, ids, max);

	if (n)
		return n;
	n = without_doubles(ids, platform->apic_ids(ids, max));
	if (n) {
		log_info("smp: no usable MADT from the host: %u CPUs by its list of APIC IDs", n);
		return n;
	}
	n = counted(ids, max);
	if (n)
		log_warn("smp: neither a usable MADT nor a list of APIC IDs: %u CPUs from 0 on", n);
	else
		log_warn("smp: the host tells of no CPUs, one CPU only");
	return n;
}

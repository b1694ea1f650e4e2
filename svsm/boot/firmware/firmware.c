/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Starts firmware: its image, which the launch has loaded below 4 GiB, the few pages that its own
 * list of sections names, and the boot vCPU at the reset vector. All other RAM stays as it is: the
 * firmware, and the kernel that it starts, validate what they use by SVSM_CORE_PVALIDATE. Called by
 * guest_launch() before any guest code runs; what cannot be done is a panic.
 */
#include "base/assert.h"
#include "boot/firmware/firmware.h"
#include "boot/guest.h"
#include "log/log.h"
#include "mm/guest_mem.h"
#include "mm/launch_area.h"

/* Zeroed as guestpage_validate() does it, and because firmware counts on it. */
static void take_new(uint64_t base, uint64_t size)
{
	guest_memory_take(base, size, false);
	if (!guest_zero(gpa(base), size))
		panic("firmware memory at %#lx cannot be written", (unsigned long)base);
}

static gpa_t section_find(const struct launch_info *l, enum launch_section_type type)
{
	for (uint32_t i = 0; i < l->section_count; i++)
		if (l->sections[i].type == type)
			return gpa(l->sections[i].gpa);
	panic("launch_info: no section of type %u", type);
}

static void take_memory(const struct launch_info *l)
{
	guest_memory_take(l->kernel.gpa, l->kernel.size, true);
	for (uint32_t i = 0; i < l->section_count; i++) {
		const struct launch_section *s = &l->sections[i];

		if (s->type == LAUNCH_SECTION_KERNEL_HASHES)
			guest_memory_take(s->gpa, s->size, true);
		else
			take_new(s->gpa, s->size);
	}
	take_new(l->setup.gpa, l->setup.size);
}

void guest_firmware_launch(const struct launch_info *l)
{
	struct guest_layout at = {
		.secrets = section_find(l, LAUNCH_SECTION_SECRETS),
		.cpuid = section_find(l, LAUNCH_SECTION_CPUID),
		.caa = section_find(l, LAUNCH_SECTION_CAA),
		.vmsa = gpa(l->setup.gpa),
	};

	take_memory(l);
	guest_environment_pages(&at, l->guest_vmpl);
	firmware_params_write(l);
	guest_vmsa_start(&at, l->guest_vmpl, NULL);
	log_info("guest: firmware at %#lx, VMPL%u\n", (unsigned long)l->kernel.gpa, l->guest_vmpl);
}

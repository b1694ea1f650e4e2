/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Starts the guest that the launch page describes: the order of the steps, which are in the other
 * files of boot/. Boot CPU only, before any guest code runs, so nothing changes underneath. What
 * cannot be done is a panic: there is no guest yet to tell.
 */
#include "boot/guest.h"
#include "base/assert.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"
#include "mm/launch_area.h"
#include "platform/vcpu.h"
#include "log/log.h"

void guest_put(gpa_t g, const void *src, size_t len)
{
	if (!guest_copy_out(g, src, len))
		panic("guest memory at %#lx cannot be written", (unsigned long)g.v);
}

/* The layout is chosen before RAM is validated, because it fixes the hole that a bare guest gets
 * unvalidated. The VMSA comes last: from then on the hypervisor may run the guest. */
void guest_launch(void)
{
	const struct launch_info *info = &launch_info;
	bool is_linux = info->guest == LAUNCH_GUEST_LINUX;
	struct vcpu_entry entry;
	struct guest_layout l;

	if (info->guest == LAUNCH_GUEST_NONE)
		return;
	guestpage_vmpl = info->guest_vmpl;
	if (info->guest == LAUNCH_GUEST_FIRMWARE) {
		guest_firmware_launch(info);
		return;
	}
	if (!guest_layout_choose(&l, info, is_linux ? guest_linux_span(info) : info->kernel.size))
		panic("no room for the guest's boot data in its RAM");
	guest_memory_validate(info, l.hole);
	guest_environment_write(&l, info->guest_vmpl);
	entry = (struct vcpu_entry){.rsp = l.stack_top.v, .pagetables = l.pagetables};
	if (is_linux)
		guest_linux_write(&l, info, &entry.rip, &entry.rsi);
	else
		guest_bare_write(&l, info, &entry.rip, &entry.rsi);
	guest_vmsa_start(&l, info->guest_vmpl, &entry);
	log_info("guest: %s at %#lx, VMPL%u\n", is_linux ? "Linux" : "bare image",
		 (unsigned long)entry.rip, info->guest_vmpl);
}

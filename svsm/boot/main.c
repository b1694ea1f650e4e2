/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The boot CPU's way from boot/early.c to its loop: memory, descriptors, stack, then everything
 * that needs the hypervisor or the other CPUs, and last the guest. The order is the point here;
 * each step may use only what the steps before it have set up. A failure is a panic, because there
 * is nothing to fall back on.
 */
#include "boot/main.h"
#include "apic/guest_apic.h"
#include "boot/cpu_loop.h"
#include "base/assert.h"
#include "base/x86.h"
#include "boot/guest.h"
#include "cpu/desc.h"
#include "cpu/failstop.h"
#include "mm/image.h"
#include "mm/paging.h"
#include "mm/secrets.h"
#include "user/usermode.h"
#include "mm/alloc.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "cpu/predictor.h"
#include "selftest/selftest.h"
#include "boot/smp.h"
#include "cpu/timer.h"
#include "protocols/vtpm_boot.h"
#include "lib/string.h"
#include "platform/announce.h"
#include "platform/platform.h"

/* Leaf 0xb has all 32 bits of the APIC ID where it exists (EBX is not 0 then), leaf 1 the
 * low 8. */
static uint32_t own_apic_id(void)
{
	uint32_t r[4];

	platform->cpuid(0xb, 0, r);
	if (r[1])
		return r[3];
	platform->cpuid(1, 0, r);
	return r[1] >> 24;
}

static void banner(void)
{
	log_info("Keelson SVSM " SVSM_VERSION ", VMPL0, %lu KiB image, %lu of %lu pages free",
		 (kernel_end - (char *)KERNEL_BASE) / 1024, alloc_free_pages(),
		 alloc_total_pages());
	memory_announce();
	platform_announce();
}

/*
 * Second half of kernel_main(), on the boot CPU's own stack with its guard page. From cpu_init()
 * on the hypervisor can be asked and log lines go out. The launch is checked before CPUID decides
 * anything. The timer starts before smp_init(), because it finds the rate that all CPUs use;
 * self-tests need all CPUs.
 */
NORETURN static void kernel_run(void)
{
	struct cpu *c = percpu_this();

	if (!platform->cpu_init(c))
		platform->terminate(0, 0);
	c->log.ready = true;
	log_set_console(platform->console_write);
	banner();
	platform->launch_check();
	secrets_hide();
	predictor_init();
	launch_area_check();
	paging_protect();
	usermode_init_cpu();
	c->apic_id = own_apic_id();
	c->online = true;
	timer_init_cpu();
	guest_apic_init();
	smp_init();
	if (launch_info.flags & LAUNCH_FLAG_SELFTEST)
		selftest_run();
	if (launch_info.flags & LAUNCH_FLAG_PANIC)
		__asm__ volatile("ud2");
	failstop_check();
	if (launch_info.guest == LAUNCH_GUEST_NONE)
		platform->power_off();
	vtpm_boot_before_guest(&launch_info);
	guest_launch();
	vtpm_boot_after_guest(&launch_info);
	cpu_loop();
}

/* The old stack is given up, so RBP starts a new chain of frames and fn must not return. */
NORETURN static void switch_stack(uint64_t top, void (*fn)(void))
{
	__asm__ volatile("movq %0, %%rsp\n"
			 "xorl %%ebp, %%ebp\n"
			 "call *%1\n"
			 "ud2\n"
			 :
			 : "r"(top), "r"(fn)
			 : "memory");
	__builtin_unreachable();
}

/* First half, on the boot stack: exceptions have an IDT from the first line on, but no stacks of
 * their own before desc_load(). */
void kernel_main(void)
{
	struct cpu *c = percpu_boot();

	desc_init_early(c);
	memory_init();
	if (!desc_alloc(c))
		panic("no memory for stacks");
	desc_load(c);
	switch_stack(c->desc->main.top, kernel_run);
}

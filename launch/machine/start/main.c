/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* From the boot stack to the guests. */
#include "machine/cpu/guard.h"
#include "machine/cpu/npt.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/host/desc.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/mem.h"
#include "machine/host/mem/pool.h"
#include "machine/host/options.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/host_assert.h"
#include "machine/hv/state/state.h"
#include "machine/hv/watch.h"
#include "machine/layout.h"
#include "machine/load/loader.h"
#include "base/x86.h"

uint64_t __stack_chk_guard;
NORETURN void __stack_chk_fail(void);
NORETURN void host_boot(void);
NORETURN void boot_on_stack(uint64_t top, void (*fn)(void));

/* The compiler calls it where a function finds its guard word changed. */
void __stack_chk_fail(void)
{
	host_fault("stack smashed");
}

__attribute__((no_stack_protector)) static void set_stack_guard(void)
{
	uint32_t r[4];
	uint64_t v = 0;

	cpuid(1, 0, r);
	if (r[2] & BIT(30))
		__asm__ volatile("rdrand %0" : "+r"(v) : : "cc");
	/* A zero byte stops string functions that run over. */
	__stack_chk_guard = (v ^ rdtsc() << 8) & ~0xffull;
}

static void describe(void)
{
	const struct host_range *r;
	unsigned n = host_guest_ranges(&r);
	uint64_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += r[i].size;
	host_log("Keelson native monitor: %u CPUs (0 is mine), guest RAM %llu MiB, my block at "
		 "0x%llx, "
		 "pool %llu KiB free, TSC %llu kHz",
		 host_cpus(), (unsigned long long)(total >> 20),
		 (unsigned long long)host_pa(image_start).v,
		 (unsigned long long)pool_free_pages() * 4, (unsigned long long)host_tsc_khz());
}

/* CPU 0 on its guarded stack. The order matters: what a line needs was made by the lines before. */
static void host_main(void)
{
	desc_load(0); /* the TSS with its real IST stacks */
	desc_control_registers();
	lapic_mask_others();
	lapic_init();
	time_calibrate_begin();
	smp_start();
	time_calibrate_finish();
	describe();
	options_read();
	loader_read_file();
	pciconf_init();
	guard_init();
	npt_init();
	machine_init();
	loader_launch();
	hv_init();
	smp_release();
	hv_service_main();
}

/* Called from boot.S, on the boot stack, in the image as loaded. */
__attribute__((no_stack_protector)) void host_boot(void)
{
	set_stack_guard();
	desc_early();
	mem_init();
	smp_stacks_init(0);
	boot_on_stack(smp_stack(0), host_main);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The first C code: on the boot stub's stack and page tables, without an IDT. Nothing here may
 * fault, log, or touch memory behind the image before it is accepted. A failure ends the launch by
 * the platform's termination.
 */
#include "abi/ghcb.h"
#include "base/x86.h"
#include "boot/main.h"
#include "cpu/percpu.h"
#include "cpu/random.h"
#include "mm/image.h"
#include "mm/launch_area.h"
#include "mm/paging.h"
#include "platform/platform.h"

/* Set and reason of a termination: abi/ghcb.h. */
#define TERM_PVALIDATE 1, 2
#define TERM_LAUNCH    0, 0
#define TERM_RANDOM    GHCB_TERM_SET_KEELSON, GHCB_TERM_NO_RANDOM

uintptr_t __stack_chk_guard SECTION(".data") = 0x7c1fa500d3e96b02;

/* The launch page is measured: a wrong value is a mistake of the builder. It is checked because
 * what follows computes addresses from it. phys: where the stub has found itself. */
static void check_launch(uint64_t phys)
{
	uint64_t size = launch_info.svsm.size;
	uint64_t image = (uint64_t)(kernel_loaded_end - KERNEL_BASE);

	if (launch_info.magic != LAUNCH_MAGIC || launch_info.version != LAUNCH_VERSION ||
	    launch_info.svsm.gpa != phys || size > KERNEL_MAX || size <= image ||
	    !IS_ALIGNED(size, PAGE_SIZE))
		platform->terminate(TERM_LAUNCH);
}

static void accept_page(uint64_t va)
{
	if (platform->own_accept((void *)va, PLATFORM_4K))
		platform->terminate(TERM_PVALIDATE);
}

/*
 * Accepts all of the SVSM's range that the launch has not loaded. A page that is valid already was
 * put there by the hypervisor; that ends the launch, as any other failure does. A 2M page over 4K
 * RMP entries is accepted in 4K steps.
 */
static void accept_memory(void)
{
	uint64_t va = (uint64_t)kernel_loaded_end;
	uint64_t end = KERNEL_BASE + launch_info.svsm.size;

	while (va < end) {
		bool large = IS_ALIGNED(va, SIZE_2M) && end - va >= SIZE_2M;
		uint64_t stop = large ? va + SIZE_2M : va + PAGE_SIZE;
		enum platform_result r = PLATFORM_SIZEMISMATCH;

		if (large)
			r = platform->own_accept((void *)va, PLATFORM_2M);
		if (r != PLATFORM_OK && r != PLATFORM_SIZEMISMATCH)
			platform->terminate(TERM_PVALIDATE);
		for (; r && va < stop; va += PAGE_SIZE)
			accept_page(va);
		va = stop;
	}
}

/* A canary that nobody can know. There is nothing else that could stand in for the processor's own
 * numbers: the time is the hypervisor's. */
NO_STACK_PROTECTOR static void randomise_canary(void)
{
	uint64_t v;

	if (!random_fill(&v, sizeof(v)))
		platform->terminate(TERM_RANDOM);
	__stack_chk_guard = v & ~0xffull; /* a string cannot run across the zero byte */
}

/* Called by boot/boot.S. cbit: the C-bit as a mask, 0 where there is none. versions: the
 * hypervisor's GHCB versions, max[31:16] min[15:0]. phys: the image's address. GS comes first,
 * because everything that uses struct cpu needs it. */
NORETURN void early_main(uint64_t cbit, uint32_t versions, uint64_t phys)
{
	platform_cbit = cbit;
	paging_kernel_phys = phys;
	wrmsr(MSR_GS_BASE, (uint64_t)percpu_boot());
	platform_detect();
	platform->early(versions);
	check_launch(phys);
	accept_memory();
	randomise_canary();
	kernel_main();
}

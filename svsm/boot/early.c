/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * First C code, on the boot stub's stack and page tables, without an IDT: nothing here may fault,
 * use CPUID or touch .bss before it is validated. What goes wrong ends by the GHCB MSR protocol.
 */
#include "base/x86.h"
#include "abi/ghcb.h"
#include "abi/vmsa.h"
#include "mm/image.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/launch_area.h"
#include "boot/main.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/* Termination reasons, GHCB 2.3.1 (set 0) and Linux's numbers (set 1) */
#define TERM_PROTOCOL   0, 1
#define TERM_NO_SNP     0, 2
#define TERM_PVALIDATE  1, 2
#define TERM_NOT_VMPL0  1, 3
#define TERM_LAUNCH     0, 0

#define NEEDED_FEATURES (GHCB_HV_FEAT_SNP | GHCB_HV_FEAT_AP_CREATION | GHCB_HV_FEAT_MULTI_VMPL)

uintptr_t __stack_chk_guard SECTION(".data") = 0x7c1fa500d3e96b02;

static void check_hypervisor(uint32_t versions)
{
	uint64_t r;

	if ((versions & 0xffff) > GHCB_VERSION_MAX || versions >> 16 < GHCB_VERSION_MAX)
		ghcb_msr_terminate(TERM_PROTOCOL);
	if (!(rdmsr(MSR_SEV_STATUS) & SEV_STATUS_SNP))
		ghcb_msr_terminate(TERM_NO_SNP);
	r = ghcb_msr_call(GHCB_MSR_HV_FEATURES_REQ);
	if ((r & GHCB_MSR_INFO_MASK) != GHCB_MSR_HV_FEATURES_RESP ||
	    (r >> 12 & NEEDED_FEATURES) != NEEDED_FEATURES)
		ghcb_msr_terminate(TERM_NO_SNP);
}

/* RMPADJUST for VMPL1 succeeds at VMPL0 only: APM vol. 3. Rights of a page of ours stay none. */
static void check_vmpl(void)
{
	if (snp_rmpadjust(kernel_rodata, RMP_PG_4K, 1))
		ghcb_msr_terminate(TERM_NOT_VMPL0);
}

static void check_launch(void)
{
	uint64_t size = launch_info.svsm.size;
	uint64_t image = (uint64_t)(kernel_end - KERNEL_BASE);

	if (launch_info.magic != LAUNCH_MAGIC || launch_info.version != LAUNCH_VERSION ||
	    launch_info.svsm.gpa != KERNEL_PHYS || size > KERNEL_MAX || size <= image ||
	    !IS_ALIGNED(size, PAGE_SIZE))
		ghcb_msr_terminate(TERM_LAUNCH);
}

static void validate_page(uint64_t va)
{
	if (snp_pvalidate((void *)va, RMP_PG_4K, true))
		ghcb_msr_terminate(TERM_PVALIDATE);
}

/*
 * Everything of the SVSM's range that was not loaded. A page that is valid already was put there
 * behind our back: that ends the boot, like any other failure.
 */
static void validate_memory(void)
{
	uint64_t va = (uint64_t)kernel_loaded_end;
	uint64_t end = KERNEL_BASE + launch_info.svsm.size;

	while (va < end) {
		bool large = IS_ALIGNED(va, SIZE_2M) && end - va >= SIZE_2M;
		uint64_t stop = large ? va + SIZE_2M : va + PAGE_SIZE;
		enum platform_result r = PLATFORM_SIZEMISMATCH;

		if (large)
			r = snp_pvalidate((void *)va, RMP_PG_2M, true);
		if (r != PLATFORM_OK && r != PLATFORM_SIZEMISMATCH)
			ghcb_msr_terminate(TERM_PVALIDATE);
		for (; r && va < stop; va += PAGE_SIZE)
			validate_page(va);
		va = stop;
	}
}

/* A canary nobody can know. Without RDRAND the time stamp must do. */
static void randomise_canary(void)
{
	uint64_t v = 0;
	uint8_t ok = 0;
	bool has = false;

	for (uint32_t i = 0; i < MIN(snp_cpuid_page.count, (uint32_t)SNP_CPUID_MAX); i++)
		has |= snp_cpuid_page.fn[i].eax_in == 1 && snp_cpuid_page.fn[i].ecx & BIT(30);
	for (unsigned i = 0; has && i < 16 && !ok; i++)
		__asm__ volatile("rdrand %0\nsetc %1" : "=r"(v), "=qm"(ok) : : "cc");
	if (!ok)
		v = rdtsc() * 0x9e3779b97f4a7c15;
	__stack_chk_guard = v & ~0xffull; /* a string cannot run across the zero byte */
}

/* From boot/boot.S. cbit: mask. versions: the hypervisor's GHCB versions, max[31:16] min[15:0]. */
NORETURN void early_main(uint64_t cbit, uint32_t versions)
{
	platform_cbit = cbit;
	wrmsr(MSR_GS_BASE, (uint64_t)percpu_boot());
	check_hypervisor(versions);
	check_vmpl();
	check_launch();
	validate_memory();
	memset(kernel_bss, 0, kernel_bss_end - kernel_bss);
	randomise_canary();
	kernel_main();
}

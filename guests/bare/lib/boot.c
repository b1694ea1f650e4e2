/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* From the entry stubs to bare_main(): page tables, descriptors, GHCB, control port. */
#include "bare/lib/bare.h"
#include "bare/lib/control.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "abi/cpuid_page.h"

uintptr_t __stack_chk_guard = 0x6b65656c736f6e00;
struct percpu percpu_area[PERCPU_COUNT];

NORETURN void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	ghcb_terminate(0, 0);
}

/* CPUID 8000_001F EBX[5:0], by the page that the security processor has checked; where there is
 * none, by the hypervisor's word. */
static unsigned cbit_position(void)
{
	const struct snp_cpuid_page *page = vmpl_cpuid_page();

	for (uint32_t i = 0; page && i < MIN(page->count, (uint32_t)SNP_CPUID_MAX); i++) {
		if (page->fn[i].eax_in == 0x8000001f)
			return page->fn[i].ebx & 0x3f;
	}
	return (unsigned)(ghcb_msr(GHCB_MSR_SEV_INFO_REQ) >> 24) & 0xff;
}

NORETURN void boot_main(uint64_t argument);
NO_STACK_PROTECTOR void boot_main(uint64_t argument)
{
	vmpl_init(argument);
	paging_init(cbit_position());
	write_cr0(read_cr0() | CR0_NE | CR0_MP | CR0_WP);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	trap_init();
	trap_cpu_init(0);
	percpu_area[0].apic_id = ghcb_msr_cpuid(1, 1) >> 24;
	ghcb_cpu_init();
	control_init();
	bare_main();
}

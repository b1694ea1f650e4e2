/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The SNP instructions: PVALIDATE, RMPADJUST, INVLPGB, TLBSYNC, each with a fix-up, because a
 * fault in them is an answer and not a bug. What they do to guest pages is decided in
 * mm/guestpage.c, not here; addresses are checked here once more.
 */
#include "mm/copy.h"
#include "mm/paging.h"
#include "mm/memmap.h"
#include "platform/snp/snp.h"

#define FAULTED          ~0u     /* EAX after the fix-up */
#define COHERENCY_SFW_NO BIT(31) /* CPUID 8000001F, EBX: no lines need to be evicted */

static enum platform_result result_of(uint32_t eax)
{
	if (eax == FAULTED)
		return PLATFORM_FAULT;
	return eax <= PLATFORM_EAX_MAX ? (enum platform_result)eax : PLATFORM_UNEXPECTED;
}

/* In .data, because it is written and read before .bss is accepted. */
static bool stale_lines SECTION(".data") = true;

void snp_rmp_init(void)
{
	uint32_t r[4];

	snp_cpuid(0x8000001f, 0, r);
	stale_lines = !(r[1] & COHERENCY_SFW_NO);
}

/*
 * Whoever makes memory private has to evict its cache lines, on processors that ask for it: by one
 * access to the first and one to the last byte of each 4K page, before the page is used for
 * anything else (Linux, commit 7b306dfa326f). Otherwise the hypervisor could overwrite the page
 * later, from lines that it had filled before. The host may take the page away meanwhile: the
 * access then faults, as any later one would.
 */
static void evict(const uint8_t *page, uint64_t bytes)
{
	uint8_t dropped;

	for (const uint8_t *end = page + bytes; page < end; page += PAGE_SIZE) {
		fault_read8(page, &dropped);
		fault_read8(page + PAGE_SIZE - 1, &dropped);
	}
}

enum platform_result snp_pvalidate(const void *va, int size, bool valid)
{
	uint64_t rax = (uint64_t)va;
	bool same = false;

	__asm__ volatile("1: .byte 0xf2, 0x0f, 0x01, 0xff\n" /* PVALIDATE */
			 "setc %1\n"
			 "2:\n" FAULT_ENTRY
			 : "+a"(rax), "+r"(same)
			 : "c"((uint64_t)size), "d"((uint64_t)valid)
			 : "memory", "cc");
	if (!(uint32_t)rax && same)
		return PLATFORM_NO_CHANGE;
	if (!(uint32_t)rax && valid && stale_lines)
		evict(va, size == RMP_PG_2M ? SIZE_2M : PAGE_SIZE);
	return result_of(rax);
}

enum platform_result snp_rmpadjust(const void *va, int size, uint64_t attr)
{
	uint64_t rax = (uint64_t)va, rcx = size;

	__asm__ volatile("1: .byte 0xf3, 0x0f, 0x01, 0xfe\n" /* RMPADJUST */
			 "2:\n" FAULT_ENTRY
			 : "+a"(rax), "+c"(rcx)
			 : "d"(attr)
			 : "memory", "cc");
	return result_of(rax);
}

/* The virtual address at which a page is mapped private. NULL: not RAM, not aligned, or across the
 * SVSM's border. */
static void *va_of(gpa_t g, enum platform_size size)
{
	uint64_t bytes = size == PLATFORM_2M ? SIZE_2M : PAGE_SIZE;

	struct memmap_range s = memmap_svsm();

	if (!IS_ALIGNED(g.v, bytes))
		return NULL;
	if (g.v >= s.base.v && g.v + bytes <= s.base.v + s.size)
		return paging_va(g);
	return memmap_is_guest(g, bytes) ? paging_guest_va(g) : NULL;
}

static enum platform_result validate(gpa_t g, enum platform_size size, bool valid)
{
	void *va = va_of(g, size);

	return va ? snp_pvalidate(va, size, valid) : PLATFORM_INVALID;
}

enum platform_result snp_page_accept(gpa_t g, enum platform_size size)
{
	return validate(g, size, true);
}

enum platform_result snp_page_release(gpa_t g, enum platform_size size)
{
	return validate(g, size, false);
}

static enum platform_result adjust(gpa_t g, enum platform_size size, unsigned vmpl, uint64_t attr)
{
	void *va = va_of(g, size);

	if (!va || vmpl == VMPL_SVSM || vmpl >= VMPL_COUNT)
		return PLATFORM_INVALID;
	return snp_rmpadjust(va, size, vmpl | attr);
}

enum platform_result snp_guest_rights(gpa_t g, enum platform_size size, unsigned vmpl,
				      uint8_t rights)
{
	return adjust(g, size, vmpl, (uint64_t)rights << 8);
}

enum platform_result snp_make_vmsa(gpa_t g, unsigned vmpl, uint8_t rights)
{
	return adjust(g, PLATFORM_4K, vmpl, (uint64_t)rights << 8 | RMPADJUST_VMSA);
}

#define INVLPGB_ASID   BIT(2) /* RAX: by the ASID in EDX[15:0]; in a guest 0 stands for its own */
#define INVLPGB_GLOBAL BIT(3) /* global translations too */

/* False: the instruction faulted, and the fix-up has set RAX. */
static bool invlpgb(uint64_t what)
{
	uint64_t rax = what;

	__asm__ volatile("1: .byte 0x0f, 0x01, 0xfe\n"
			 "2:\n" FAULT_ENTRY
			 : "+a"(rax)
			 : "c"(0ul), "d"(0ul)
			 : "memory");
	return rax == what;
}

static bool tlbsync(void)
{
	uint64_t rax = 0;

	__asm__ volatile("1: .byte 0x0f, 0x01, 0xff\n"
			 "2:\n" FAULT_ENTRY
			 : "+a"(rax)
			 :
			 : "memory");
	return !rax;
}

/*
 * INVLPGB and TLBSYNC (APM vol. 3); all VMPLs of a guest share one ASID. The hypervisor decides
 * whether a guest may execute them, whatever CPUID shows. So they are tried, and #UD or #VC means
 * no. A flush by the hypervisor would be no substitute, because only its word would vouch for it.
 * What does without them, for the VMSAs of a guest, is in task/vmsa_flush.h.
 */
enum platform_result snp_guest_flush(void)
{
	return invlpgb(INVLPGB_ASID | INVLPGB_GLOBAL) && tlbsync() ? PLATFORM_OK
								   : PLATFORM_UNSUPPORTED;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "platform/platform.h"
#include "base/x86.h"
#include "abi/vmsa.h"
#include "cpu/exception.h"
#include "log/log.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"
#include "platform/tdx/tdx.h"

/* Not in .bss: the boot stub's C code writes it before .bss is validated. */
uint64_t platform_cbit SECTION(".data");

static bool early_console(const char *s, size_t len)
{
	(void)s;
	(void)len;
	return false;
}

static void early_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	(void)leaf;
	(void)sub;
	out[0] = out[1] = out[2] = out[3] = 0;
}

/* Until platform_detect: only what boot code may reach. */
static const struct platform_ops early_ops = {
	.name = "early",
	.cpuid = early_cpuid,
	.console_write = early_console,
	.terminate = ghcb_msr_terminate,
};

const struct platform_ops *platform = &early_ops;

void platform_detect(void)
{
	if (rdmsr(MSR_SEV_STATUS) & SEV_STATUS_SNP)
		platform = &snp_ops;
	else
		platform = &tdx_ops; /* says "not supported" where it is asked */
}

bool platform_vc(struct frame *f)
{
	return platform == &snp_ops && snp_vc(f);
}

/* One step of a range: 2M where that may work, else 4K. */
typedef enum platform_result (*step_fn)(gpa_t g, enum platform_size size, unsigned vmpl,
					uint8_t perms);

static enum platform_result small_pages(gpa_t g, uint64_t bytes, step_fn step, unsigned vmpl,
					uint8_t perms, uint64_t *done)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
		enum platform_result r = step(gpa_add(g, at), PLATFORM_4K, vmpl, perms);

		if (r)
			return r;
		*done += PAGE_SIZE;
	}
	return PLATFORM_OK;
}

static enum platform_result for_range(gpa_t g, uint64_t len, step_fn step, unsigned vmpl,
				      uint8_t perms, uint64_t *done)
{
	enum platform_result r = PLATFORM_OK;
	uint64_t dummy = 0;

	done = done ? done : &dummy;
	*done = 0;
	if (!IS_ALIGNED(g.v | len, PAGE_SIZE))
		return PLATFORM_INVALID;
	while (*done < len && !r) {
		gpa_t at = gpa_add(g, *done);
		bool large = IS_ALIGNED(at.v, SIZE_2M) && len - *done >= SIZE_2M;
		uint64_t to_2m = SIZE_2M - (at.v & MASK_2M);

		r = large ? step(at, PLATFORM_2M, vmpl, perms) : PLATFORM_SIZEMISMATCH;
		if (!r)
			*done += SIZE_2M;
		else if (r == PLATFORM_SIZEMISMATCH || r == PLATFORM_OVERLAP)
			r = small_pages(at, MIN(to_2m, len - *done), step, vmpl, perms, done);
	}
	return r;
}

/*
 * Validation and rights of one block. Rights of a 2M page whose RMP entry has become 4K between the
 * two (the hypervisor may split at any time) are given page by page.
 */
static enum platform_result adjust_block(gpa_t g, enum platform_size size, unsigned vmpl,
					 uint8_t perms)
{
	enum platform_result r = platform->adjust(g, size, vmpl, perms, false);
	uint64_t done = 0;

	if (size == PLATFORM_2M && (r == PLATFORM_SIZEMISMATCH || r == PLATFORM_OVERLAP))
		return small_pages(g, SIZE_2M, adjust_block, vmpl, perms, &done);
	return r;
}

static enum platform_result validate_block(gpa_t g, enum platform_size size, unsigned vmpl,
					   uint8_t perms)
{
	enum platform_result r = platform->validate(g, size, true);

	return r ? r : adjust_block(g, size, vmpl, perms);
}

enum platform_result platform_validate_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t perms,
					     uint64_t *done)
{
	return for_range(g, len, validate_block, vmpl, perms, done);
}

enum platform_result platform_adjust_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t perms,
					   uint64_t *done)
{
	return for_range(g, len, adjust_block, vmpl, perms, done);
}

const char *platform_result_name(enum platform_result r)
{
	static const char *const name[] = {
		[PLATFORM_OK] = "ok",
		[PLATFORM_INVALID] = "invalid",
		[PLATFORM_PERMISSION] = "no permission",
		[PLATFORM_INUSE] = "in use",
		[PLATFORM_OVERLAP] = "overlap",
		[PLATFORM_SIZEMISMATCH] = "size mismatch",
		[PLATFORM_NO_CHANGE] = "no change",
		[PLATFORM_REFUSED] = "refused by the hypervisor",
		[PLATFORM_UNSUPPORTED] = "not supported",
		[PLATFORM_FAULT] = "fault",
	};

	return (unsigned)r < ARRAY_LEN(name) ? name[r] : "?";
}

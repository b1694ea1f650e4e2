/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which platform this is, and ranges of pages on top of the table's one-page operations.
 * Everything in the kernel reaches the machine through `platform`. It points at the absent
 * platform until platform_detect() has run, never at nothing.
 */
#include "platform/platform.h"

uint64_t platform_cbit;

const struct platform_ops *platform = &platform_absent;

extern const struct platform_ops __start_svsm_platforms[], __stop_svsm_platforms[];

/* First in C, without an IDT, so present() must not fault. Platforms are asked in link order, SNP
 * before TDX: the latter executes CPUID, which would raise #VC under SNP. When none says yes, the
 * absent platform stays. */
void platform_detect(void)
{
	for (const struct platform_ops *p = __start_svsm_platforms; p < __stop_svsm_platforms;
	     p++) {
		if (p->present()) {
			platform = p;
			return;
		}
	}
}

/* A step of a range: an operation on one page, 2M where that may work, otherwise 4K. */
typedef enum platform_result (*step_fn)(gpa_t g, enum platform_size size, unsigned vmpl,
					uint8_t rights);

/* The step on each 4K page of a range. Stops at the first failure; *done counts the bytes
 * finished. */
static enum platform_result small_pages(gpa_t g, uint64_t bytes, step_fn step, unsigned vmpl,
					uint8_t rights, uint64_t *done)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
		enum platform_result r = step(gpa_add(g, at), PLATFORM_4K, vmpl, rights);

		if (r)
			return r;
		*done += PAGE_SIZE;
	}
	return PLATFORM_OK;
}

/*
 * The step on a whole range, by 2M pages where alignment and length allow. The RMP may hold 4K
 * entries there, or 2M entries where we ask for 4K; only the answer tells. A 2M page that does not
 * fit its entries is done in 4K steps up to the next 2 MiB boundary, where 2M is tried again.
 * Stops at the first other failure; *done (may be NULL) counts the bytes finished.
 */
static enum platform_result for_range(gpa_t g, uint64_t len, step_fn step, unsigned vmpl,
				      uint8_t rights, uint64_t *done)
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

		r = large ? step(at, PLATFORM_2M, vmpl, rights) : PLATFORM_SIZEMISMATCH;
		if (!r)
			*done += SIZE_2M;
		else if (r == PLATFORM_SIZEMISMATCH || r == PLATFORM_OVERLAP)
			r = small_pages(at, MIN(to_2m, len - *done), step, vmpl, rights, done);
	}
	return r;
}

/*
 * The rights of one page, and below the acceptance with its rights. Between the two the hypervisor
 * may split the RMP entry of a 2M page; then the rights are given to each of its 4K pages.
 */
static enum platform_result rights_block(gpa_t g, enum platform_size size, unsigned vmpl,
					 uint8_t rights)
{
	enum platform_result r = platform->guest_rights(g, size, vmpl, rights);
	uint64_t done = 0;

	if (size == PLATFORM_2M && (r == PLATFORM_SIZEMISMATCH || r == PLATFORM_OVERLAP))
		return small_pages(g, SIZE_2M, rights_block, vmpl, rights, &done);
	return r;
}

static enum platform_result accept_block(gpa_t g, enum platform_size size, unsigned vmpl,
					 uint8_t rights)
{
	enum platform_result r = platform->page_accept(g, size);

	return r ? r : rights_block(g, size, vmpl, rights);
}

enum platform_result platform_accept_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done)
{
	return for_range(g, len, accept_block, vmpl, rights, done);
}

enum platform_result platform_rights_range(gpa_t g, uint64_t len, unsigned vmpl, uint8_t rights,
					   uint64_t *done)
{
	return for_range(g, len, rights_block, vmpl, rights, done);
}

const char *platform_result_name(enum platform_result r)
{
	static const char *const name[] = {
		[PLATFORM_OK] = "ok",
		[PLATFORM_INPUT] = "bad operand",
		[PLATFORM_PERMISSION] = "no permission",
		[PLATFORM_INUSE] = "in use",
		[PLATFORM_OVERLAP] = "overlap",
		[PLATFORM_SIZEMISMATCH] = "size mismatch",
		[PLATFORM_NO_CHANGE] = "no change",
		[PLATFORM_UNEXPECTED] = "unexpected answer",
		[PLATFORM_INVALID] = "invalid",
		[PLATFORM_REFUSED] = "refused by the hypervisor",
		[PLATFORM_UNSUPPORTED] = "not supported",
		[PLATFORM_FAULT] = "fault",
	};

	return (unsigned)r < ARRAY_LEN(name) && name[r] ? name[r] : "?";
}

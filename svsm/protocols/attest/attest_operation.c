/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's side of a call: the contract is in attest_operation.h. attest.c calls it with
 * LOCK_ATTEST held. It must never read a byte twice for one check, nor write to a page that is not
 * the guest's plain memory.
 */
#include "protocols/attest/attest_operation.h"
#include "abi/guest_message.h"
#include "base/speculation.h"
#include "lib/string.h"
#include "mm/memmap.h"
#include "mm/pagestate.h"
#include "platform/platform.h"
#include "protocols/buffer.h"

#define REPORT_SIZE       sizeof(struct attestation_report)
#define CERTIFICATES_SIZE (PLATFORM_CERTIFICATE_PAGES * PAGE_SIZE)

/* ---- reading ---- */

static bool crosses(uint64_t gpa, uint64_t size)
{
	return size > PAGE_SIZE - (gpa & PAGE_MASK);
}

/* Copies the operation once. SERVICES has no service and no version: they read as zeroes. */
static enum svsm_result copy(const struct svsm_call *call, struct attest_single *to)
{
	size_t size = call->number == SVSM_ATTEST_SERVICES ? sizeof(to->op) : sizeof(*to);

	memset(to, 0, sizeof(*to));
	if (crosses(call->rcx, size))
		return SVSM_ERR_INVALID_PARAMETER;
	return buffer_in(to, gpa(call->rcx), size) ? SVSM_SUCCESS : SVSM_ERR_INVALID_ADDRESS;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static bool well_formed(const struct attest_single *s)
{
	const struct attest_operation *o = &s->op;

	return !o->report.mbz && !o->manifest.mbz && !o->certificates.mbz && !s->mbz &&
	       all_zero(o->nonce.mbz, sizeof(o->nonce.mbz)) && o->nonce.size == ATTEST_NONCE &&
	       !crosses(o->nonce.gpa, o->nonce.size) &&
	       IS_ALIGNED(o->report.gpa | o->manifest.gpa, PAGE_SIZE) &&
	       (!o->certificates.size || IS_ALIGNED(o->certificates.gpa, PAGE_SIZE));
}

static bool which_manifest(const struct svsm_call *call, const struct attest_single *s,
			   enum attest_manifest_kind *kind)
{
	static const uint8_t vtpm[16] = ATTEST_GUID_VTPM;

	*kind = ATTEST_MANIFEST_SERVICES;
	if (call->number == SVSM_ATTEST_SERVICES)
		return true;
	*kind = s->version ? ATTEST_MANIFEST_VTPM_1 : ATTEST_MANIFEST_VTPM_0;
	return memcmp(s->service, vtpm, sizeof(vtpm)) == 0 && s->version <= 1;
}

/* The guest's plain memory: a calling area would be overwritten. */
static bool usable(gpa_t at)
{
	return pagestate_get(gpa_page(at)) == PAGE_VALID;
}

/* All of it must be the guest's, and as much as is ever written must be usable. */
static bool good_buffer(const struct attest_buffer *b, uint64_t most)
{
	if (!b->size)
		return true;
	if (!memmap_is_guest(gpa(b->gpa), b->size))
		return false;
	for (uint64_t at = 0; at < MIN(b->size, most); at += PAGE_SIZE)
		if (!usable(gpa(b->gpa + at)))
			return false;
	return true;
}

enum svsm_result attest_operation_read(const struct svsm_call *call, struct attest_request *to)
{
	struct attest_single s;
	enum svsm_result rax = copy(call, &s);

	if (rax != SVSM_SUCCESS)
		return rax;
	if (!well_formed(&s) || !which_manifest(call, &s, &to->manifest))
		return SVSM_ERR_INVALID_PARAMETER;
	to->op = s.op;
	if (!good_buffer(&s.op.report, REPORT_SIZE) ||
	    !good_buffer(&s.op.manifest, ATTEST_MANIFEST_MAX) ||
	    !good_buffer(&s.op.certificates, CERTIFICATES_SIZE) ||
	    !buffer_in(to->nonce, gpa(s.op.nonce.gpa), sizeof(to->nonce)))
		return SVSM_ERR_INVALID_ADDRESS;
	return SVSM_SUCCESS;
}

/* ---- the answer ---- */

bool attest_operation_fits(const struct attest_request *r, const struct attest_answer *a,
			   struct svsm_call *call)
{
	bool wanted = r->op.certificates.size;

	if (r->op.report.size >= a->report_size && r->op.manifest.size >= a->manifest_size &&
	    (!wanted || r->op.certificates.size >= a->certificates_size))
		return true;
	call->rcx = a->manifest_size;
	call->r8 = a->report_size;
	if (!wanted || a->certificates_known)
		call->rdx = a->certificates_size;
	return false;
}

static bool write(const struct attest_buffer *to, const uint8_t *from, uint32_t len)
{
	for (uint32_t at = 0, n; at < len; at += n) {
		n = (uint32_t)MIN(len - at, PAGE_SIZE);
		if (!buffer_out_plain(gpa(to->gpa + at), from + at, n))
			return false;
	}
	return true;
}

enum svsm_result attest_operation_write(const struct attest_request *r,
					const struct attest_answer *a)
{
	return write(&r->op.manifest, a->manifest, a->manifest_size) &&
			       write(&r->op.certificates, a->certificates, a->certificates_size) &&
			       write(&r->op.report, a->report, a->report_size)
		       ? SVSM_SUCCESS
		       : SVSM_ERR_INVALID_ADDRESS;
}

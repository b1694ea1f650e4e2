/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* MSG_REPORT_REQ: SEV-SNP firmware ABI (56860), chapter 7, "Attestation". */
#include <string.h>

#include "harness/psp/chain.h"
#include "harness/psp/payload.h"

/* Of the firmware, build, minor and major: a later one than any that knows report version 5. */
static const uint8_t firmware[4] = {31, 58, 1, 0};

/* A report without unused bytes that are not zero: verifiers refuse those. */
static void fill(const struct psp *p, const struct report_request *r, struct attestation_report *a)
{
	const struct psp_config *c = p->config;

	a->version = c->report_version;
	a->guest_svn = p->guest.guest_svn;
	a->policy = p->guest.policy;
	a->vmpl = r->vmpl;
	a->signature_algo = REPORT_SIGNATURE_ECDSA_P384;
	a->platform_info = c->platform_info;
	memcpy(a->family_id, p->guest.family_id, sizeof(a->family_id));
	memcpy(a->image_id, p->guest.image_id, sizeof(a->image_id));
	memcpy(a->id_key_digest, p->guest.id_key_digest, sizeof(a->id_key_digest));
	memcpy(a->author_key_digest, p->guest.author_key_digest, sizeof(a->author_key_digest));
	memcpy(a->report_data, r->report_data, sizeof(a->report_data));
	memcpy(a->measurement, p->guest.measurement, sizeof(a->measurement));
	memcpy(a->host_data, c->host_data, sizeof(a->host_data));
	memcpy(a->report_id, p->guest.report_id, sizeof(a->report_id));
	memset(a->report_id_ma, 0xff, sizeof(a->report_id_ma)); /* there is no migration agent */
	memcpy(a->current_tcb, c->tcb, PSP_TCB);
	memcpy(a->reported_tcb, c->tcb, PSP_TCB);
	memcpy(a->committed_tcb, c->tcb, PSP_TCB);
	memcpy(a->launch_tcb, c->tcb, PSP_TCB);
	memcpy(a->current_version, firmware, sizeof(firmware));
	memcpy(a->committed_version, firmware, sizeof(firmware));
}

/* What came with version 3; before that the fields are reserved. */
static void fill_version_3(const struct psp_config *c, struct attestation_report *a)
{
	a->cpuid_family = c->fms[0];
	a->cpuid_model = c->fms[1];
	a->cpuid_stepping = c->fms[2];
}

#define PLATFORM_INFO_V2 0x1full /* bit 5 and 7 are later versions' */

/* Signed by the VLEK or the VCEK; where the host has masked the latter, by nobody. A masked chip's
 * name is nowhere. */
static bool finish(const struct psp *p, enum endorsement by, struct attestation_report *a)
{
	bool mask = p->config->mask_chip_key;

	if (p->config->report_version >= 3)
		fill_version_3(p->config, a);
	else
		a->platform_info &= PLATFORM_INFO_V2;
	a->key_info = p->guest.author_key ? REPORT_KEY_AUTHOR : 0;
	if (mask)
		a->key_info |= REPORT_KEY_MASK_CHIP;
	else
		memcpy(a->chip_id, p->config->chip_id, psp_chip_id_bytes(p->config));
	if (mask && by == ENDORSEMENT_VCEK) {
		a->key_info |= REPORT_KEY_SIGNED_BY(REPORT_KEY_NONE);
		return true;
	}
	a->key_info |=
		REPORT_KEY_SIGNED_BY(by == ENDORSEMENT_VLEK ? REPORT_KEY_VLEK : REPORT_KEY_VCEK);
	return chain_sign(p->chain, by, a, offsetof(struct attestation_report, signature_r),
			  a->signature_r, a->signature_s);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

static enum snp_status check(const struct psp *p, unsigned vmpck, const struct report_request *r,
			     size_t n, enum endorsement *by)
{
	if (n != sizeof(*r) || r->key_sel & ~KEY_SEL_MASK ||
	    !all_zero(r->rsvd_48, sizeof(r->rsvd_48)) || !psp_vmpl_allowed(vmpck, r->vmpl))
		return SNP_STATUS_INVALID_PARAM;
	return psp_select(p, r->key_sel, by) ? SNP_STATUS_SUCCESS : SNP_STATUS_INVALID_KEY;
}

size_t psp_report(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	struct report_response response = {.size = sizeof(response.report)};
	struct report_request request = {0};
	enum endorsement by;

	memcpy(&request, in, MIN(n, sizeof(request)));
	response.status = check(p, vmpck, &request, n, &by);
	if (response.status == SNP_STATUS_SUCCESS) {
		fill(p, &request, &response.report);
		if (!finish(p, by, &response.report)) {
			memset(&response.report, 0, sizeof(response.report));
			response.status = SNP_STATUS_INVALID_KEY;
		}
	}
	memcpy(out, &response, sizeof(response));
	return sizeof(response);
}

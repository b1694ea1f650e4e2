/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* MSG_REPORT_REQ: SEV-SNP firmware ABI (56860), chapter 7, "Attestation". */
#include <string.h>

#include "harness/psp/chain.h"
#include "harness/psp/payload.h"

#define KEY_SEL_MASK 3u
#define KEY_SEL_AUTO 0 /* the VLEK where there is one, else the VCEK */
#define KEY_SEL_VCEK 1

/* Of the firmware, build, minor and major: a later one than any that knows report version 5. */
static const uint8_t firmware[4] = {31, 58, 1, 0};

/* A report without unused bytes that are not zero: verifiers refuse those. */
static void fill(const struct psp *p, const struct report_request *r, struct attestation_report *a)
{
	const struct psp_config *c = p->config;

	a->version = c->report_version;
	a->guest_svn = c->guest_svn;
	a->policy = p->guest.policy;
	a->vmpl = r->vmpl;
	a->signature_algo = REPORT_SIGNATURE_ECDSA_P384;
	a->platform_info = c->platform_info;
	memcpy(a->family_id, c->family_id, sizeof(a->family_id));
	memcpy(a->image_id, c->image_id, sizeof(a->image_id));
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

/* Signed by the VCEK, or, where the host has masked it, by nobody and without the chip's name. */
static bool finish(const struct psp *p, struct attestation_report *a)
{
	if (p->config->report_version >= 3)
		fill_version_3(p->config, a);
	else
		a->platform_info &= PLATFORM_INFO_V2;
	if (p->config->mask_chip_key) {
		a->key_info = REPORT_KEY_MASK_CHIP | REPORT_KEY_SIGNED_BY(REPORT_KEY_NONE);
		return true;
	}
	a->key_info = REPORT_KEY_SIGNED_BY(REPORT_KEY_VCEK);
	memcpy(a->chip_id, p->config->chip_id, sizeof(a->chip_id));
	return chain_sign(p->chain, a, offsetof(struct attestation_report, signature_r),
			  a->signature_r, a->signature_s);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

static enum snp_status check(unsigned vmpck, const struct report_request *r, size_t n)
{
	uint32_t key = r->key_sel & KEY_SEL_MASK;

	if (n != sizeof(*r) || r->key_sel & ~KEY_SEL_MASK ||
	    !all_zero(r->rsvd_48, sizeof(r->rsvd_48)) || !psp_vmpl_allowed(vmpck, r->vmpl))
		return SNP_STATUS_INVALID_PARAM;
	if (key != KEY_SEL_AUTO && key != KEY_SEL_VCEK)
		return SNP_STATUS_INVALID_KEY; /* no VLEK is installed, and 3 is reserved */
	return SNP_STATUS_SUCCESS;
}

size_t psp_report(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	struct report_response response = {.size = sizeof(response.report)};
	struct report_request request = {0};

	memcpy(&request, in, MIN(n, sizeof(request)));
	response.status = check(vmpck, &request, n);
	if (response.status == SNP_STATUS_SUCCESS) {
		fill(p, &request, &response.report);
		if (!finish(p, &response.report)) {
			memset(&response.report, 0, sizeof(response.report));
			response.status = SNP_STATUS_INVALID_KEY;
		}
	}
	memcpy(out, &response, sizeof(response));
	return sizeof(response);
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Is this a launch that the SVSM can live on? Checks the hypervisor's protocol and features, the
 * VMPL, and the two pages that the security processor fills. What fails ends the launch by the
 * GHCB MSR protocol's termination request: a guest must not start on a machine that was not what
 * it seemed.
 */
#include "abi/ghcb.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "lib/string.h"
#include "log/log.h"
#include "mm/image.h"
#include "mm/launch_area.h"
#include "platform/snp/features.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/* Termination reasons: set 0 as the GHCB specification has it, set 1 as Linux does. */
#define TERM_PROTOCOL   0, 1
#define TERM_NO_SNP     0, 2
#define TERM_NOT_VMPL0  1, 3
#define TERM_CPUID_PAGE 1, 4
#define TERM_SECRETS    1, 6

#define NEEDED_FEATURES (GHCB_HV_FEAT_SNP | GHCB_HV_FEAT_AP_CREATION | GHCB_HV_FEAT_MULTI_VMPL)

/* Without a C-bit SEV_STATUS is not read: the boot stub has tried it, with an IDT, and found no
 * SNP. */
bool snp_present(void)
{
	return platform_cbit && (rdmsr(MSR_SEV_STATUS) & SEV_STATUS_SNP);
}

/* Before there is a GHCB: versions from the boot stub, features by the MSR protocol. */
static void check_hypervisor(uint32_t versions)
{
	uint64_t r;

	if ((versions & 0xffff) > GHCB_VERSION_MAX || versions >> 16 < GHCB_VERSION_MAX)
		ghcb_msr_terminate(TERM_PROTOCOL);
	r = ghcb_msr_call(GHCB_MSR_HV_FEATURES_REQ);
	if ((r & GHCB_MSR_INFO_MASK) != GHCB_MSR_HV_FEATURES_RESP ||
	    (r >> 12 & NEEDED_FEATURES) != NEEDED_FEATURES)
		ghcb_msr_terminate(TERM_NO_SNP);
}

/* At VMPL0 only RMPADJUST for VMPL1 succeeds (APM vol. 3). It asks for no rights, so nothing
 * changes. */
static void check_vmpl(void)
{
	if (snp_rmpadjust(kernel_rodata, RMP_PG_4K, 1))
		ghcb_msr_terminate(TERM_NOT_VMPL0);
}

void snp_early(uint32_t versions)
{
	check_hypervisor(versions);
	check_vmpl();
	snp_rmp_init();
}

enum platform_result snp_own_accept(const void *va, enum platform_size size)
{
	return snp_pvalidate(va, size, true);
}

/* Without a secrets page in the launch its place holds zeros or nonsense. VMPCK0 is the key by
 * which the SVSM talks to the security processor. */
static bool secrets_ok(void)
{
	static const uint8_t none[32];
	const struct snp_secrets *s = &snp_secrets_page;

	return s->version && s->version < 0x10000 &&
	       memcmp(s->vmpck[VMPL_SVSM], none, sizeof(none));
}

/* The line comes before the end, so it is judged only when there is a way to write one. Nothing
 * secret has come to this CPU before, and no other one runs. */
static void check_features(void)
{
	uint64_t status = rdmsr(MSR_SEV_STATUS);
	unsigned bit;
	const char *name = features_refused(status, &bit);

	if (!name && features_tsc_known(status >> SEV_STATUS_FEATURES_SHIFT, &launch_info))
		return;
	if (!name) {
		log_error("SecureTSC is on, and the launch page says no scale and offset of it");
		ghcb_msr_terminate(TERM_NO_SNP);
	}
	log_error("SEV_STATUS %#lx: bit %u (%s) %s", status, bit, name,
		  status >> bit & 1 ? "is on, and this SVSM cannot run with it" : "is off");
	ghcb_msr_terminate(TERM_NO_SNP);
}

void snp_launch_check(void)
{
	check_features();
	if (!snp_cpuid_page_ok())
		ghcb_msr_terminate(TERM_CPUID_PAGE);
	if (!secrets_ok()) {
		log_error("secrets page: no version or no VMPCK0");
		ghcb_msr_terminate(TERM_SECRETS);
	}
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The judgement of SEV_STATUS, by a list of what is known and not of what is feared: a bit that a
 * later processor gives a meaning is refused until somebody has read what it means.
 */
#include "platform/snp/features.h"
#include "abi/launch.h"
#include "abi/vmsa.h"

/* What becomes of a bit. A bit without a row is REFUSED. */
enum rule {
	REFUSED,
	NEEDED,
	KNOWN,
};

struct row {
	const char *name;
	enum rule rule;
};

#define FEATURE(f) [__builtin_ctzll(f) + SEV_STATUS_FEATURES_SHIFT]

/*
 * Known are those that ask nothing of software (host IBS, branch isolation, SMT protection, IBPB:
 * the processor does all of it) and those that the SVSM was made for. Refused by name:
 *
 *   vTOM                  page tables here say by the C-bit what is private
 *   ReflectVC             the guest's #VC would come as exits that nobody looks at
 *   AlternateInjection    VMPL0's own interrupts would have to be queued by somebody
 *   VmplSSS               the VMSAs made here have no supervisor shadow stacks
 *   VmgexitParameter      VMGEXIT is another instruction then
 *   PmcVirtualization,    the counters would be state that is not kept between guest and services
 *   IbsVirtualization
 *   VmsaRegProt           the guest's registers in its VMSA are not what a call put there
 *                         (58019, chapter 4, names it)
 *   SecureAVIC            the APIC is no longer the hypervisor's, whom we ask for the timer
 */
static const struct row rows[64] = {
	[0] = {"SEV", NEEDED},
	[1] = {"SEV-ES", NEEDED},
	[2] = {"SEV-SNP", NEEDED},
	FEATURE(SEV_FEAT_VTOM) = {"vTOM", REFUSED},
	FEATURE(SEV_FEAT_REFLECT_VC) = {"ReflectVC", REFUSED},
	FEATURE(SEV_FEAT_RESTRICTED_INJ) = {"RestrictedInjection", KNOWN},
	FEATURE(SEV_FEAT_ALTERNATE_INJ) = {"AlternateInjection", REFUSED},
	FEATURE(SEV_FEAT_DEBUG_SWAP) = {"DebugSwap", KNOWN},
	FEATURE(SEV_FEAT_PREVENT_HOST_IBS) = {"PreventHostIBS", KNOWN},
	FEATURE(SEV_FEAT_BTB_ISOLATION) = {"BTBIsolation", KNOWN},
	FEATURE(SEV_FEAT_VMPL_SSS) = {"VmplSSS", REFUSED},
	FEATURE(SEV_FEAT_SECURE_TSC) = {"SecureTSC", KNOWN},
	FEATURE(SEV_FEAT_VMGEXIT_PARAM) = {"VmgexitParameter", REFUSED},
	FEATURE(SEV_FEAT_PMC_VIRT) = {"PmcVirtualization", REFUSED},
	FEATURE(SEV_FEAT_IBS_VIRT) = {"IbsVirtualization", REFUSED},
	FEATURE(SEV_FEAT_VMSA_REG_PROT) = {"VmsaRegProt", REFUSED},
	FEATURE(SEV_FEAT_SMT_PROTECTION) = {"SmtProtection", KNOWN},
	FEATURE(SEV_FEAT_SECURE_AVIC) = {"SecureAVIC", REFUSED},
	FEATURE(SEV_FEAT_IBPB_ON_ENTRY) = {"IbpbOnEntry", KNOWN},
};

const char *features_refused(uint64_t sev_status, unsigned *bit)
{
	for (unsigned i = 0; i < 64; i++) {
		bool set = sev_status >> i & 1;

		if (set ? rows[i].rule != REFUSED : rows[i].rule != NEEDED)
			continue;
		*bit = i;
		return rows[i].name ? rows[i].name : "reserved";
	}
	return NULL;
}

/* An operating system of today refuses to start with restricted injection, and has no doorbell. It
 * refuses SecureTSC too, or (Linux from 6.14 on) asks the security processor for scale and offset.
 */
uint64_t features_of_guest(uint64_t own, uint32_t launch_flags)
{
	uint64_t not_its = SEV_FEAT_RESTRICTED_INJ;

	if (!(launch_flags & LAUNCH_FLAG_SECURE_TSC))
		not_its |= SEV_FEAT_SECURE_TSC;
	return (own & ~not_its) | (launch_flags & LAUNCH_FLAG_ALT_INJ ? SEV_FEAT_ALTERNATE_INJ : 0);
}

/* By 0 their counters would stand still. */
bool features_tsc_known(uint64_t own, const struct launch_info *l)
{
	return !(own & SEV_FEAT_SECURE_TSC) || l->tsc_scale;
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The names of 56421 for what a guest asks for. */
#include "machine/hv/ghcb/ghcb_cause.h"
#include "abi/ghcb.h"

#define ONE(n) (n), (n)

static const struct exit_group events[] = {
	{ONE(GHCB_EXIT_DR7_READ), "dr7_read"},
	{ONE(GHCB_EXIT_DR7_WRITE), "dr7_write"},
	{ONE(GHCB_EXIT_CPUID), "cpuid"},
	{ONE(GHCB_EXIT_IOIO), "ioio"},
	{ONE(GHCB_EXIT_MSR), "msr"},
	{ONE(GHCB_EXIT_WBINVD), "wbinvd"},
	{ONE(GHCB_EXIT_MMIO_READ), "mmio_read"},
	{ONE(GHCB_EXIT_MMIO_WRITE), "mmio_write"},
	{ONE(GHCB_EXIT_NMI_DONE), "nmi_complete"},
	{ONE(GHCB_EXIT_AP_HLT_LOOP), "ap_reset_hold"},
	{ONE(GHCB_EXIT_PSC), "page_state_change"},
	{ONE(GHCB_EXIT_GUEST_REQ), "guest_request"},
	{ONE(GHCB_EXIT_EXT_GUEST_REQ), "extended_guest_request"},
	{ONE(GHCB_EXIT_AP_CREATION), "ap_creation"},
	{ONE(GHCB_EXIT_HV_DOORBELL), "hv_doorbell"},
	{ONE(GHCB_EXIT_HV_IPI), "hv_ipi"},
	{ONE(GHCB_EXIT_HV_TIMER), "hv_timer"},
	{ONE(GHCB_EXIT_APIC_IDS), "apic_id_list"},
	{ONE(GHCB_EXIT_RUN_VMPL), "run_vmpl"},
	{ONE(GHCB_EXIT_CONFIGURE_INT_INJ), "configure_int_inj"},
	{ONE(GHCB_EXIT_DISABLE_ALT_INJ), "disable_alt_inj"},
	{ONE(GHCB_EXIT_SPECIFIC_EOI), "specific_eoi"},
	{ONE(GHCB_EXIT_HV_FEATURES), "hv_features"},
	{ONE(GHCB_EXIT_TERMINATE), "terminate"},
};
const struct exit_class cause_event = EXIT_CLASS("ghcb_", events);

static const struct exit_group requests[] = {
	{ONE(GHCB_MSR_SEV_INFO_REQ), "sev_info"},
	{ONE(GHCB_MSR_CPUID_REQ), "cpuid"},
	{ONE(GHCB_MSR_AP_RESET_REQ), "ap_reset_hold"},
	{ONE(GHCB_MSR_PREF_GPA_REQ), "preferred_gpa"},
	{ONE(GHCB_MSR_REG_GPA_REQ), "register_gpa"},
	{ONE(GHCB_MSR_PSC_REQ), "page_state_change"},
	{ONE(GHCB_MSR_RUN_VMPL_REQ), "run_vmpl"},
	{ONE(GHCB_MSR_HV_FEATURES_REQ), "hv_features"},
	{ONE(GHCB_MSR_TERMINATE), "terminate"},
};
const struct exit_class cause_protocol = EXIT_CLASS("msr_protocol_", requests);

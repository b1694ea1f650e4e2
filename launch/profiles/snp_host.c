/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * An SEV-SNP host from the processor up to its devices. The lines of the kernel's log are those of
 * Linux 6.11 to 7.1: arch/x86/virt/svm/sev.c (RMP), drivers/iommu/amd/init.c (IOMMU),
 * drivers/crypto/ccp/sev-dev.c (firmware).
 */
#include <stdlib.h>

#include "launch/profiles/host.h"
#include "launch/profiles/host_checks.h"
#include "launch/profiles/snp_host.h"
#include "launch/profiles/words.h"

#define BRANCH_KERNEL                                                                              \
	"the SVSM also needs KVM planes, of coconut-svsm/linux, branch svsm (docs/hardware.md)"
#define BIOS_SNP                                                                                   \
	"BIOS: SMEE, IOMMU, SEV-SNP Support and SNP Memory (RMP Table) Coverage = Enabled, not "   \
	"Auto (docs/hardware.md)"
#define UNPASS "take iommu=pt, iommu=off and amd_iommu=off from the kernel's command line"

static const struct host_log_word rmp[] = {
	{"SEV-SNP: Memory for the RMP table has not been reserved by BIOS", BIOS_SNP},
	{"SEV-SNP: RMP configuration not valid", "update the BIOS"},
	{"SEV-SNP: Memory reserved for the RMP table does not cover full system RAM",
	 "BIOS: the RMP table has to cover all RAM, SNP Memory (RMP Table) Coverage = Enabled"},
	{"SEV-SNP: RMP table physical range", NULL},
	{"RMP base table physical range", NULL},
	{"SEV-SNP: RMP table physical address", NULL},
};

static const struct host_log_word iommu[] = {
	{"SNP: IOMMU disabled or configured in passthrough mode", UNPASS},
	{"SNP: IOMMU is configured with V2 page table mode",
	 "take amd_iommu=pgtbl_v2 from the kernel's command line"},
	{"SNP: IOMMU SNP feature not enabled", BIOS_SNP},
	{"SNP: RMP initialization failed", "see what the log says of the RMP table"},
	{"IOMMU SNP support enabled", NULL},
};

static const struct host_log_word firmware[] = {
	{"SEV-SNP: failed to INIT",
	 "update the SEV firmware (amd/amd_sev_*.sbin) or the BIOS; see the RMP table"},
	{"SEV-SNP API:", NULL},
};

/* The kernel takes the flag away where the BIOS has SNP off. */
static const struct host_cpu_need cpu = {
	.what = "CPU with sev_snp",
	.vendor = "AuthenticAMD",
	.flag = "sev_snp",
	.other_vendor = "AMD EPYC 7003 or newer",
	.virtual = "this is a virtual machine, where no SNP guest can start: take bare metal",
	.no_flag = "AMD EPYC 7003 or newer; " BIOS_SNP,
};

static void check_log(struct checks *c)
{
	char *log = host_log();

	host_check_log(c, "RMP table", log, rmp, ARRAY_LEN(rmp));
	host_check_log(c, "IOMMU", log, iommu, ARRAY_LEN(iommu));
	host_check_log(c, "SNP firmware", log, firmware, ARRAY_LEN(firmware));
	free(log);
}

void snp_host_checks(struct checks *c)
{
	host_check_cpu(c, &cpu);
	host_check_kernel(c, 6, 11, BRANCH_KERNEL);
	check_log(c);
	host_check_parameter(c, "kvm_amd.sev", "kvm_amd", "sev",
			     "kernel parameter kvm_amd.sev=1; BIOS: SMEE = Enabled");
	host_check_parameter(c, "kvm_amd.sev_es", "kvm_amd", "sev_es",
			     "kernel parameter kvm_amd.sev_es=1; BIOS: SEV-ES ASID Space Limit "
			     "above 1");
	host_check_parameter(c, "kvm_amd.sev_snp", "kvm_amd", "sev_snp",
			     "kernel parameter kvm_amd.sev_snp=1; if it is on already, see the RMP "
			     "table and the IOMMU");
	host_check_device(c, "/dev/kvm", "modprobe kvm_amd; BIOS: SVM Mode = Enabled",
			  "join the group kvm (usermod -aG kvm), or run with sudo");
	host_check_device(c, "/dev/sev",
			  "modprobe ccp; BIOS: the security processor (PSP, fTPM) has to be on",
			  "it is root's: run with sudo, or chgrp kvm /dev/sev and chmod 660 "
			  "/dev/sev");
}

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The profile `snp`: AMD SEV-SNP hardware. QEMU 10.1 or newer loads the IGVM file itself
 * (igvm-cfg), and KVM runs it. missing() names what this host lacks, so that nobody has to guess it
 * from QEMU's message.
 */
#include <unistd.h>

#include "launch/profiles/profile.h"

#define QEMU_IGVM 1001 /* the first that loads IGVM files */
#define QEMU_MADT 1100 /* those before end the launch: "IGVM: Unknown header type" */

static char *missing(const char *qemu)
{
	char *text, snp;
	unsigned version = profile_qemu_version(qemu, &text);

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return str("platform snp needs /dev/kvm, readable and writable by you");
	if (access("/dev/sev", F_OK) < 0)
		return str("platform snp needs /dev/sev: an AMD EPYC host with SNP enabled in its "
			   "firmware and kernel");
	snp = profile_module_parameter("kvm_amd", "sev_snp");
	if (snp != 'Y' && snp != '1')
		return str("platform snp needs kvm_amd.sev_snp=1 (it is off)");
	if (version < QEMU_IGVM)
		return str("platform snp needs QEMU 10.1 or newer with IGVM support (%s is %s)",
			   qemu, text ? text : "missing");
	return NULL;
}

/* CPUID Fn8000_001F EBX: C-bit position in 5:0, lost physical address bits in 11:6. */
static void sev_info(unsigned *cbit, unsigned *lost)
{
	uint32_t a = 0x8000001f, b = 0, c = 0, d = 0;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	*cbit = b & 63;
	*lost = b >> 6 & 63;
}

static void command(const struct launch *l, struct strlist *argv)
{
	unsigned cbit, lost;

	sev_info(&cbit, &lost);
	profile_igvm(l, "confidential-guest-support=sev0", "EPYC-v4", argv);
	strlist_add(argv, "-object");
	strlist_addf(argv, "sev-snp-guest,id=sev0,cbitpos=%u,reduced-phys-bits=%u", cbit, lost);
}

static bool takes_madt(const char *qemu)
{
	return profile_qemu_version(qemu, NULL) >= QEMU_MADT;
}

const struct profile profile_snp = {
	.name = "snp",
	.says = "AMD SEV-SNP hardware: QEMU 10.1+ loads the same IGVM file",
	.vcpus_max = QEMU_VCPUS_MAX,
	.missing = missing,
	.command = command,
	.takes_madt = takes_madt,
};

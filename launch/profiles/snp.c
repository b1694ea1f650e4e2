/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The profile `snp`: AMD SEV-SNP hardware. QEMU loads the IGVM file itself (igvm-cfg), and KVM runs
 * it. The checks name what this host lacks, so that nobody has to guess it from QEMU's message.
 * docs/hardware.md has the way there.
 */
#include <stdlib.h>

#include "abi/vmsa.h"
#include "launch/profiles/ask.h"
#include "launch/profiles/host.h"
#include "launch/profiles/host_checks.h"
#include "launch/profiles/profile.h"
#include "launch/profiles/snp_host.h"

#define QEMU_IGVM 1001 /* the first that loads IGVM files, where it is built with libigvm */
/* The first whose loader knows the MADT parameter (backends/igvm.c; 10.2.2 has it not, and ends the
 * launch by "IGVM: Unknown header type"). */
#define QEMU_MADT    1100
#define BRANCH_QEMU  "coconut-svsm/qemu, branch svsm"
#define PLANE_OPTION "device-plane"

/* Device interrupts are for the VMPL that the guest runs at: abi/launch.h, guest_vmpl. */
#define PLANE_WORDS ",kernel-irqchip=split," PLANE_OPTION "=2"

/*
 * KVM runs a second VMPL as a plane, which no upstream kernel has. The kernel cannot be asked: the
 * number of its capability is a branch's own. A QEMU that knows planes comes with such a kernel.
 */
static void check_planes(struct checks *c, const char *qemu)
{
	if (ask_qemu_machine(qemu, PLANE_OPTION))
		checks_add(c, "KVM planes", CHECK_OK, str("-machine " PLANE_OPTION "= is there"),
			   NULL);
	else
		checks_add(c, "KVM planes", CHECK_DOUBT,
			   str("this QEMU has no -machine " PLANE_OPTION "="),
			   str("upstream KVM runs no second VMPL, and the SVSM then ends the "
			       "launch (termination set 0 reason 2): kernel coconut-svsm/linux, "
			       "branch svsm, and QEMU " BRANCH_QEMU));
}

/* What the SVSM does without. */
static void check_less(struct checks *c, const char *qemu)
{
	uint64_t features;

	if (ask_qemu_version(qemu, NULL) < QEMU_MADT)
		checks_add(c, "MADT parameter", CHECK_NO, str("QEMU 10 refuses a file with one"),
			   str("none: files are built with --no-madt, the SVSM finds its CPUs "
			       "by itself"));
	if (!host_sev_features(&features) || !(features & SEV_FEAT_RESTRICTED_INJ))
		checks_add(c, "restricted injection", CHECK_NO,
			   str("KVM offers SEV_FEATURES %#llx beside SNP",
			       (unsigned long long)features),
			   str("none: files are built with --sev-features 1"));
	if (!ask_qemu_device(qemu, "isa-debugcon"))
		checks_add(c, "debug port", CHECK_NO, str("-device isa-debugcon is unknown"),
			   str("run with --console-port com1"));
}

static void checks(const char *qemu, struct checks *c)
{
	snp_host_checks(c);
	if (!host_check_qemu(c, qemu, QEMU_IGVM, "loads IGVM files: " BRANCH_QEMU))
		return;
	host_check_object(c, "QEMU with igvm-cfg", qemu, "igvm-cfg",
			  "it was built without libigvm, as distributions do: configure "
			  "--enable-igvm, or " BRANCH_QEMU);
	host_check_object(c, "QEMU with sev-snp-guest", qemu, "sev-snp-guest",
			  "it was built without KVM or SEV: " BRANCH_QEMU);
	check_planes(c, qemu);
	check_less(c, qemu);
}

/* CPUID Fn8000_001F EBX: C-bit position in 5:0, lost physical address bits in 11:6. */
static void sev_info(unsigned *cbit, unsigned *lost)
{
	uint32_t a = 0x8000001f, b = 0, c = 0, d = 0;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	*cbit = b & 63;
	*lost = b >> 6 & 63;
}

/*
 * With planes the machine's devices interrupt the guest's plane, and only KVM's half of a split
 * irqchip can do that. Without, the words are unknown to QEMU.
 */
static void command(const struct launch *l, struct strlist *argv)
{
	unsigned cbit, lost;
	char *words = str("confidential-guest-support=sev0%s",
			  ask_qemu_machine(l->qemu, PLANE_OPTION) ? PLANE_WORDS : "");

	sev_info(&cbit, &lost);
	profile_igvm(l, words, "EPYC-v4", argv);
	strlist_add(argv, "-object");
	strlist_addf(argv, "sev-snp-guest,id=sev0,cbitpos=%u,reduced-phys-bits=%u", cbit, lost);
	free(words);
}

static bool takes_madt(const char *qemu)
{
	return ask_qemu_version(qemu, NULL) >= QEMU_MADT;
}

/* QEMU ends a launch whose VMSA has a feature that KVM does not offer (target/i386/sev.c,
 * check_sev_features()), and upstream KVM offers no restricted injection. */
static const char *sev_features(void)
{
	uint64_t mask;

	return host_sev_features(&mask) && mask & SEV_FEAT_RESTRICTED_INJ ? NULL : "1";
}

const struct profile profile_snp = {
	.name = "snp",
	.says = "AMD SEV-SNP hardware: QEMU with igvm-cfg loads the same IGVM file",
	.vcpus_max = QEMU_VCPUS_MAX,
	.checks = checks,
	.command = command,
	.takes_madt = takes_madt,
	.sev_features = sev_features,
};

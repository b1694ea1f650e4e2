/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The profile `tdx`: Intel TDX hardware. No run can start: no QEMU release loads an IGVM file for
 * TDX (10.2.2: docs/system/igvm.rst names SEV, SEV-ES and SEV-SNP; target/i386/kvm/tdx.c has no
 * set_guest_state()), and this version's SVSM has no TDX part. The checks say so after all that can
 * be found out about a host.
 */
#include <stdlib.h>

#include "launch/profiles/host.h"
#include "launch/profiles/host_checks.h"
#include "launch/profiles/profile.h"

#define BIOS_TDX "BIOS: TME, TME-MT and TDX = Enabled, TDX Key Split above 0, SEAM Loader = Enabled"

/* Linux arch/x86/virt/vmx/tdx/tdx.c */
static const struct host_log_word module[] = {
	{"virt/tdx: initialization failed", BIOS_TDX},
	{"virt/tdx: module initialization failed",
	 "the log says which SEAMCALL; update the TDX module"},
	{"virt/tdx: module initialized", NULL},
	{"virt/tdx: BIOS enabled", NULL},
};

static const struct host_cpu_need cpu = {
	.what = "CPU with TDX",
	.vendor = "GenuineIntel",
	.flag = "tdx_host_platform",
	.other_vendor = "Intel Xeon of the 5th generation or newer",
	.virtual = "this is a virtual machine, where no TDX guest can start: take bare metal",
	.no_flag = "Intel Xeon of the 5th generation or newer; " BIOS_TDX,
};

/* What no host can mend. */
static void check_ours(struct checks *c)
{
	checks_add(c, "IGVM for TDX", CHECK_MISSING, str("no QEMU release loads IGVM for TDX"),
		   str("nothing helps on this host; --platform native and snp run"));
	checks_add(c, "TDX part of the SVSM", CHECK_MISSING,
		   str("this version's SVSM has none: its IGVM file carries SEV-SNP only"),
		   str("nothing helps on this host; --platform native and snp run"));
}

static void checks(const char *qemu, struct checks *c)
{
	char *log = host_log();

	host_check_cpu(c, &cpu);
	host_check_kernel(c, 6, 16, "its KVM is the first that starts TDX guests");
	host_check_log(c, "TDX module", log, module, ARRAY_LEN(module));
	host_check_parameter(c, "kvm_intel.tdx", "kvm_intel", "tdx",
			     "kernel parameter kvm_intel.tdx=1, and nohibernate");
	host_check_device(c, "/dev/kvm", "modprobe kvm_intel; BIOS: VMX = Enabled",
			  "join the group kvm (usermod -aG kvm), or run with sudo");
	if (host_check_qemu(c, qemu, 1001, "has tdx-guest"))
		host_check_object(c, "QEMU with tdx-guest", qemu, "tdx-guest",
				  "it was built without KVM or TDX: another build");
	check_ours(c);
	free(log);
}

static void command(const struct launch *l, struct strlist *argv)
{
	profile_igvm(l, "kernel-irqchip=split,confidential-guest-support=tdx0", "host", argv);
	strlist_add(argv, "-object");
	strlist_add(argv, "tdx-guest,id=tdx0");
}

const struct profile profile_tdx = {
	.name = "tdx",
	.says = "Intel TDX hardware: no QEMU release loads IGVM for TDX",
	.vcpus_max = QEMU_VCPUS_MAX,
	.checks = checks,
	.command = command,
};

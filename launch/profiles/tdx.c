/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The profile `tdx`: Intel TDX hardware. QEMU 10.1 or newer takes the IGVM file in the virtual
 * firmware's place. missing() always refuses, because this version's SVSM has no TDX part.
 */
#include <unistd.h>

#include "launch/profiles/profile.h"

static char *missing(const char *qemu)
{
	char *text, on = profile_module_parameter("kvm_intel", "tdx");
	unsigned version = profile_qemu_version(qemu, &text);

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return str("platform tdx needs /dev/kvm, readable and writable by you");
	if (on != 'Y' && on != '1')
		return str("platform tdx needs an Intel host with TDX and kvm_intel.tdx=1");
	if (version < 1001)
		return str("platform tdx needs QEMU 10.1 or newer with IGVM support (%s is %s)",
			   qemu, text ? text : "missing");
	return str("this version's SVSM has no TDX part: its IGVM file carries SEV-SNP only");
}

static void command(const struct launch *l, struct strlist *argv)
{
	profile_igvm(l, "kernel-irqchip=split,confidential-guest-support=tdx0", "host", argv);
	strlist_add(argv, "-object");
	strlist_add(argv, "tdx-guest,id=tdx0");
}

const struct profile profile_tdx = {
	.name = "tdx",
	.says = "Intel TDX hardware: QEMU 10.1+ loads the same IGVM file",
	.vcpus_max = QEMU_VCPUS_MAX,
	.missing = missing,
	.command = command,
};

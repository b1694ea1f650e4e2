/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Intel TDX: QEMU 10.1 or newer, the IGVM file in the virtual firmware's place. */
#include <unistd.h>

#include "launch/profile.h"

static char *missing(const char *qemu)
{
	char *text, *on = file_text("/sys/module/kvm_intel/parameters/tdx", NULL);
	unsigned version = profile_qemu_version(qemu, &text);

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return str("platform tdx needs /dev/kvm, readable and writable by you");
	if (!on || (*on != 'Y' && *on != '1'))
		return str("platform tdx needs an Intel host with TDX and kvm_intel.tdx=1");
	if (version < 1001)
		return str("platform tdx needs QEMU 10.1 or newer with IGVM support (%s is %s)",
			   qemu, text ? text : "missing");
	return str("this version's SVSM has no TDX part: its IGVM file carries SEV-SNP only");
}

static void command(const struct launch *l, struct strlist *argv)
{
	strlist_add(argv, l->qemu);
	strlist_add(argv, "-name");
	strlist_addf(argv, "keelson-%s", l->name);
	strlist_add(argv, "-machine");
	strlist_add(argv, "q35,kernel-irqchip=split,confidential-guest-support=tdx0,"
			  "memory-backend=ram0,igvm-cfg=igvm0");
	strlist_add(argv, "-accel");
	strlist_add(argv, "kvm");
	strlist_add(argv, "-cpu");
	strlist_add(argv, "host");
	strlist_add(argv, "-smp");
	strlist_addf(argv, "%u", l->smp);
	strlist_add(argv, "-object");
	strlist_addf(argv, "memory-backend-memfd,id=ram0,size=%uM,share=true,prealloc=false",
		     l->mem);
	strlist_add(argv, "-object");
	strlist_add(argv, "tdx-guest,id=tdx0");
	strlist_add(argv, "-object");
	strlist_addf(argv, "igvm-cfg,id=igvm0,file=%s", l->igvm);
	profile_common(l, argv);
}

const struct profile profile_tdx = {
	.name = "tdx",
	.says = "Intel TDX hardware: QEMU 10.1+ loads the same IGVM file",
	.missing = missing,
	.command = command,
};

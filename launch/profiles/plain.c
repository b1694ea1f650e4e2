/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The profile `plain`: the same kernel and initramfs on the same QEMU as native's, without monitor
 * and SVSM. `make bench` compares the two, so nothing else may differ.
 */
#include "launch/profiles/profile.h"

static char *missing(const char *qemu)
{
	return profile_native.missing(qemu);
}

/*
 * QEMU's TPM emulator backend. SeaBIOS would start this TPM and lock its platform hierarchy, which
 * the SVSM does not do to its own; qboot leaves it alone.
 */
static void tpm(const struct launch *l, struct strlist *argv)
{
	profile_chardev(argv, "socket", "tpm", l->swtpm);
	strlist_add(argv, "-tpmdev");
	strlist_add(argv, "emulator,id=tpm0,chardev=tpm");
	strlist_add(argv, "-device");
	strlist_add(argv, "tpm-crb,tpmdev=tpm0");
}

static void command(const struct launch *l, struct strlist *argv)
{
	/* CMPXCHG16B spoils RFLAGS on QEMU 7.2, and Linux dies of it now and then. */
	profile_tcg(l, "keelson-plain-", ",-cx16", l->smp, argv);
	profile_common(l, argv);
	if (l->swtpm)
		tpm(l, argv);
	if (l->swtpm || l->firmware) {
		strlist_add(argv, "-bios");
		strlist_add(argv, l->firmware ? l->firmware : "qboot.rom");
	}
	/* Firmware may have a disk to boot. */
	profile_kernel(argv, l->kernel || l->firmware ? l->kernel : "/nonexistent", l->initrd,
		       l->cmdline);
}

const struct profile profile_plain = {
	.name = "plain",
	.says = "plain QEMU (TCG), no SVSM: the other half of `make bench`; Linux suites only",
	.plain = true,
	.vcpus_max = QEMU_VCPUS_MAX,
	.missing = missing,
	.command = command,
};

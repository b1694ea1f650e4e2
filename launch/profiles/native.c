/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The profile `native`: plain QEMU with TCG. QEMU loads the monitor as its kernel, and the monitor
 * turns the machine into an SEV-SNP one and loads the IGVM file from fw_cfg. The harness calls
 * missing() before command().
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "abi/machine.h"
#include "abi/machine_limits.h"
#include "abi/psp_link.h"
#include "launch/profiles/ask.h"
#include "launch/profiles/profile.h"

#define QEMU_LEAST 702 /* measured: 7.2 and 10.0 */

static char *missing(const char *qemu)
{
	char *text;
	unsigned version = ask_qemu_version(qemu, &text);

	if (!version)
		return str("%s does not run: install it (Debian: qemu-system-x86) or name one by "
			   "--qemu",
			   qemu);
	if (version < QEMU_LEAST)
		return str("%s is too old (\"%s\"): 7.2 or newer is needed", qemu, text);
	return NULL;
}

/* Guests have x87 and SSE. What else the processor had, QEMU would let them switch on by XSETBV or
 * in CR4, whatever the monitor's CPUID says. */
#define NOT_OFFERED ",-avx,-pku,-pks,-la57"

#define BELOW_4G    2048 /* MiB: BARs of 32 bits that a guest places from there on are no RAM */

/* MiB of what a run that can be repeated may write to its disk: all of it, and 8 bytes a page. */
static unsigned disk_mem(const struct launch *l)
{
	struct stat s;

	if (!l->deterministic || !l->disk || stat(l->disk, &s) != 0)
		return 0;
	return 2 + (unsigned)(MIN((uint64_t)s.st_size, MACHINE_FW_DISK_MOST) / 511 * 512 >> 20);
}

/* QEMU has what the guest has, and what the monitor needs for itself. */
static void add_own_memory(struct launch *l, unsigned cpus)
{
	unsigned all = l->mem + l->mem_outside + disk_mem(l);

	l->mem = all + MACHINE_OWN_MEM(all, cpus);
	l->mem_below_4g = BELOW_4G;
}

/* QEMU's -kernel is the monitor: the machine shows the guest's firmware these files in its place.
 */
static void guest_kernel(const struct launch *l, struct strlist *argv)
{
	if (!l->guest_kernel)
		return;
	profile_option(argv, "-fw_cfg", "name=" MACHINE_FW_KERNEL ",file=", l->guest_kernel);
	if (l->guest_initrd)
		profile_option(argv, "-fw_cfg",
			       "name=" MACHINE_FW_INITRD ",file=", l->guest_initrd);
	if (l->guest_cmdline && *l->guest_cmdline)
		profile_option(argv, "-fw_cfg",
			       "name=" MACHINE_FW_CMDLINE ",string=", l->guest_cmdline);
}

/*
 * A machine that may be saved, or is loaded: the same devices in both. The interrupt, which the
 * monitor leaves off, is one that no other device of a q35 has: a UART that shares one lowers it
 * for both. A migration, not savevm: that asks for disks which hold snapshots.
 */
static void quiesce(const struct launch *l, struct strlist *argv)
{
	struct strlist path = {0};
	char *word;

	if (!l->quiesce_fd)
		return;
	strlist_add(argv, "-chardev");
	strlist_addf(argv, "socket,id=quiesce,fd=%d", l->quiesce_fd);
	strlist_add(argv, "-device");
	strlist_addf(argv, "isa-serial,iobase=0x%x,irq=7,chardev=quiesce", MACHINE_QUIESCE_PORT);
	if (!l->state)
		return;
	strlist_add(&path, l->state);
	word = strlist_shell(&path);
	strlist_add(argv, "-incoming");
	strlist_addf(argv, "exec:cat %s", word);
	strlist_free(&path);
	free(word);
}

/* The interrupt is left off, and no other device's, as that of quiesce(). */
static void security_processor(const struct launch *l, struct strlist *argv)
{
	if (!l->psp)
		return;
	profile_chardev(argv, "pipe", "psp", l->psp);
	strlist_add(argv, "-device");
	strlist_addf(argv, "isa-serial,iobase=0x%x,irq=6,chardev=psp", MACHINE_PSP_PORT);
	strlist_add(argv, "-fw_cfg");
	strlist_addf(argv, "name=" MACHINE_FW_PSP ",file=/dev/fd/%d", l->psp_keys_fd);
}

/*
 * The guest's clock begins at the same moment and goes by instructions, as all timers do; its
 * random numbers come from the seed. What the machine needs to know of it, and where it tells its
 * trail.
 */
#define RTC_BASE "2026-01-01T00:00:00"

static void deterministic(const struct launch *l, struct strlist *argv)
{
	if (!l->deterministic)
		return;
	strlist_add(argv, "-seed");
	strlist_addf(argv, "%u", l->seed);
	strlist_add(argv, "-rtc");
	strlist_add(argv, "base=" RTC_BASE ",clock=vm");
	profile_debugcon(l, argv, "trail", MACHINE_TRAIL_PORT, l->trail_log);
	strlist_add(argv, "-fw_cfg");
	strlist_addf(argv, "name=" MACHINE_FW_REPEAT ",string=%0*llu %0*llu", MACHINE_REPEAT_DIGITS,
		     (unsigned long long)l->seed, MACHINE_REPEAT_DIGITS,
		     (unsigned long long)l->trail_from);
	if (l->disk)
		profile_option(argv, "-fw_cfg", "name=" MACHINE_FW_DISK ",file=", l->disk);
	if (l->script)
		profile_option(argv, "-fw_cfg", "name=" MACHINE_FW_SCRIPT ",file=", l->script);
}

/* Nothing runs until gdb says so. The second QMP is for whoever drives gdb: the one of the harness
 * takes one client. */
static void gdb(const struct launch *l, struct strlist *argv)
{
	char *qmp = l->gdb ? str("%s.qmp", l->gdb) : NULL;

	if (!qmp)
		return;
	strlist_add(argv, "-S");
	profile_chardev(argv, "socket,server=on,wait=off", "gdb", l->gdb);
	strlist_add(argv, "-gdb");
	strlist_add(argv, "chardev:gdb");
	profile_chardev(argv, "socket,server=on,wait=off", "qmp2", qmp);
	strlist_add(argv, "-mon");
	strlist_add(argv, "chardev=qmp2,mode=control");
	free(qmp);
	if (!l->gdb_trace)
		return;
	strlist_add(argv, "-d");
	strlist_add(argv, "exec,nochain");
	strlist_add(argv, "-dfilter");
	strlist_add(argv, l->gdb_trace);
	strlist_add(argv, "-D");
	strlist_addf(argv, "%s.trace", l->gdb);
}

static void command(const struct launch *l, struct strlist *argv)
{
	/* CPU 0 is the monitor's own: a QEMU bug forbids guests on it (docs/fidelity.md). */
	unsigned cpus = 1 + l->smp + l->service_cpus;
	struct launch real = *l;

	add_own_memory(&real, cpus);
	profile_tcg(&real, "keelson-", NOT_OFFERED, cpus, argv);
	strlist_add(argv, "-device");
	strlist_add(argv, "intel-iommu,intremap=off"); /* docs/monitor.md, "Devices" */
	profile_common(&real, argv);
	strlist_add(argv, "-fw_cfg");
	strlist_addf(argv, "name=" MACHINE_FW_MEM ",string=%u %u", l->mem, profile_below_4g(l));
	profile_debugcon(l, argv, "mon", MACHINE_LOG_PORT, l->monitor_log);
	if (l->debug_log)
		profile_debugcon(l, argv, "svsm", MACHINE_SVSM_PORT, l->svsm_log);
	strlist_add(argv, "-device");
	strlist_addf(argv, "isa-debug-exit,iobase=0x%x,iosize=4", MACHINE_EXIT_PORT);
	strlist_add(argv, "-kernel");
	strlist_add(argv, l->monitor);
	profile_option(argv, "-fw_cfg", "name=" MACHINE_FW_IGVM ",file=", l->igvm);
	if (l->service_cpus) {
		strlist_add(argv, "-fw_cfg");
		strlist_addf(argv, "name=" MACHINE_FW_SERVICE_CPUS ",string=%u", l->service_cpus);
	}
	if (*l->options)
		profile_option(argv, "-fw_cfg", "name=" MACHINE_FW_OPTIONS ",string=", l->options);
	guest_kernel(l, argv);
	quiesce(l, argv);
	security_processor(l, argv);
	deterministic(l, argv);
	gdb(l, argv);
}

const struct profile profile_native = {
	.name = "native",
	.says = "plain QEMU (TCG) turned into an SEV-SNP machine by the monitor; nothing is secret",
	.vcpus_max = MACHINE_VCPUS_MAX,
	.native = true,
	.missing = missing,
	.command = command,
};

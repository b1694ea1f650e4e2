/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A launch profile knows what QEMU gets to run an IGVM file on one platform, and whether this host
 * can do that. One file a platform; profile.c lists them.
 */
#include "abi/machine_limits.h"
#include "launch/profiles/checks.h"
#include "launch/profiles/words.h"

struct launch {
	const char *name;
	const char *qemu;
	const char *monitor; /* native only: the monitor's image */
	const char *igvm;
	const char *kernel, *initrd, *cmdline; /* Linux suites; for profiles without an IGVM file */
	const char *firmware;                  /* plain: of the machine; NULL: QEMU's own */
	/* A kernel for the firmware of a guest whose IGVM file brings none; all NULL: no kernel is
	 * handed over. */
	const char *guest_kernel, *guest_initrd, *guest_cmdline;
	const char *console_log, *svsm_log, *monitor_log;
	/* The SVSM logs on COM1, as its guest does: the machine copies its words to svsm_log, and
	 * the debug port, which is then firmware's, has this file. NULL: the SVSM has that port. */
	const char *debug_log;
	bool no_debug_port;  /* there is none: not each QEMU can make it */
	const char *console; /* FIFOs for the console, as control; NULL: it only has its log */
	const char *disk;    /* raw image or NULL */
	/* one more, in QEMU's words, for tests of what devices may do; or NULL */
	const char *device;
	const char *swtpm;     /* plain: control socket of the guest's TPM, or NULL */
	const char *options;   /* monitor options, words split by spaces, may be "" */
	unsigned smp;          /* the guest's vCPUs */
	unsigned service_cpus; /* more that the guest does not see */
	int icount;            /* log2 of ns an instruction takes; -1: real time */
	unsigned mem;          /* MiB that the guest has */
	unsigned mem_below_4g; /* MiB of these that may lie below 4 GiB; 0: as many as a q35 has */
	unsigned mem_outside; /* native: MiB of pages that the IGVM file has outside RAM, or more */
	const char *control;  /* path of the control port's FIFOs, without .in and .out */
	const char *channel;  /* path of the FIFOs behind Q35_CHANNEL_PORT; NULL: there is no such
				 port */
	const char *vport;    /* Linux suites: of the same port on virtio-serial, else NULL */
	/* native: a run that can be repeated (docs/reproduce.md): no input, not even on the control
	 * port, whose output is the file CONTROL.out */
	bool deterministic;
	unsigned seed;
	uint64_t trail_from;   /* MACHINE_FW_REPEAT's second number */
	const char *trail_log; /* the file of MACHINE_TRAIL_PORT */
	const char *script;    /* the file behind MACHINE_FW_SCRIPT */
	const char *gdb;       /* native: socket on which QEMU waits for gdb; NULL: it starts */
	const char
		*gdb_trace; /* with gdb: ranges whose blocks of code go to GDB.trace; NULL: none */
	int qmp_fd;         /* connected socket that QEMU inherits */
	/* native: of the port by which the machine is made quiet (MACHINE_QUIESCE_PORT); 0: it has
	 * none */
	int quiesce_fd;
	/* native: path of the security processor's FIFOs, without .in and .out, and a descriptor
	 * that QEMU inherits and reads the guest's keys from; NULL: there is none */
	const char *psp;
	int psp_keys_fd;
	/* native: QEMU loads the machine that this file holds, and starts none; its logs go on.
	 * NULL: it boots. */
	const char *state;
};

struct profile {
	const char *name;
	const char *says; /* one line for doctor */
	/* vCPUs that the guest and the services may have together */
	unsigned vcpus_max;
	/* abi/machine.h's exit statuses apply */
	bool native;
	/* QEMU gets the kernel itself: no IGVM file, no SVSM */
	bool plain;
	/* NULL when this host can run it, else one line that says what is missing (malloc'ed). */
	char *(*missing)(const char *qemu);
	/* In its place, where a platform needs much of a host: all of it, from below. */
	void (*checks)(const char *qemu, struct checks *c);
	void (*command)(const struct launch *l, struct strlist *argv);
	/* May the IGVM file ask for a MADT? NULL: yes. */
	bool (*takes_madt)(const char *qemu);
	/* SEV_FEATURES of the boot VMSA where nobody names any (static); NULL, or NULL returned:
	 * the builder's own. */
	const char *(*sev_features)(void);
};

extern const struct profile profile_native, profile_plain, profile_snp, profile_tdx;

const struct profile *profile_find(const char *name); /* NULL: no such platform */
/* missing() of it, or the first of checks() that is. */
char *profile_missing(const struct profile *p, const char *qemu);

/* A text as a value of one of QEMU's options of the form a=b,c=d (malloc'ed): a comma in it is
 * doubled, all else stands for itself (qemu-system(1), "-drive file="). */
char *profile_value(const char *value);
/* The words option and BEFOREvalue, the value by profile_value(). Whatever holds a path, or another
 * word of the user, goes through here. */
void profile_option(struct strlist *argv, const char *option, const char *before,
		    const char *value);
/* kind: of QEMU's character devices that take a path; "file,append=on" too */
void profile_chardev(struct strlist *argv, const char *kind, const char *id, const char *path);
/* The machine of native and plain, one for both so that their boots compare: TCG with a thread a
 * CPU, or one for all when time goes by instructions. name: QEMU's, up to the suite's; less: what
 * is taken from the CPU model, ",-FEATURE" or "". */
void profile_tcg(const struct launch *l, const char *name, const char *less, unsigned cpus,
		 struct strlist *argv);
/* MiB of RAM that this machine has below 4 GiB: QEMU 7.2, hw/i386/pc_q35.c, pc_q35_init(). */
unsigned profile_below_4g(const struct launch *l);
/* What every platform has: serial ports, the SVSM's log, QMP, the disk, the control port. */
void profile_common(const struct launch *l, struct strlist *argv);
/* QEMU's own words for a kernel; none without one. initrd and cmdline may be NULL. */
void profile_kernel(struct strlist *argv, const char *kernel, const char *initrd,
		    const char *cmdline);
/* A debugcon that writes to a file, with its character device id. */
void profile_debugcon(const struct launch *l, struct strlist *argv, const char *id, unsigned port,
		      const char *path);
/* Where QEMU itself loads the IGVM file (igvm0) into guest memory (ram0), on KVM. */
void profile_igvm(const struct launch *l, const char *machine, const char *cpu,
		  struct strlist *argv);

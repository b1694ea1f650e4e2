/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The suites, read from launch/suites.cfg: a section [NAME] a suite, key = value lines, '#'
 * comments. docs/test-control.md has the list of keys.
 */
#include "base/types.h"

enum suite_kind {
	SUITE_BARE,     /* flat image at VMPL2 under the SVSM; control port */
	SUITE_PAYLOAD,  /* ELF in the SVSM's place at VMPL0; control port */
	SUITE_LINUX,    /* bzImage + initramfs at VMPL2; the agent on the control port */
	SUITE_SELFTEST, /* the SVSM's own tests; verdicts are lines of svsm.log */
	SUITE_FIRMWARE, /* an image in OVMF's format that is the test itself; control port, as bare
			 */
};

#define SUITE_UNSET (~0u)

struct suite {
	char *name;
	enum suite_kind kind;
	char *image;    /* bare, payload, firmware: path below the root */
	char *firmware; /* linux: OVMF's image, by which it boots; NULL: the SVSM boots it */
	char *kernel, *initrd, *cmdline;
	char *shows;                /* one line */
	char *groups;               /* words split by spaces */
	char *optional;             /* how to get its kernel; NULL: it has to be there */
	char *options;              /* words for the monitor; NULL: none */
	char *device;               /* one more of QEMU's devices; NULL: none */
	char *sev_features;         /* of the boot VMSA, a number; NULL: the builder's own */
	unsigned smp, mem, timeout; /* vCPUs, MiB, seconds */
	unsigned disk;              /* MiB of a fresh raw virtio disk; 0: none */
	unsigned service_cpus;      /* SUITE_UNSET: as suite_service_cpus says */
	unsigned icount;            /* log2 of ns an instruction takes; SUITE_UNSET: real time */
	char *tests;                /* linux: which tests the agent offers; NULL: its own */
	bool strict;
	bool boot_cache;          /* it does not test its boot: harness/run/cached.h */
	bool alternate_injection; /* the SVSM emulates the guest's local APICs */
	bool test;                /* `keelson test` offers it the test protocol */
	bool boot_only;           /* HELLO and BYE, one test "boot" */
	bool hidden;              /* not in --list, --all and --group: runs by its name */
};

/* Reads the file in place of what was read before; false after one line that names file, line and
 * mistake. */
bool suites_read(const char *path);
size_t suites_count(void);
const struct suite *suites_at(size_t i);
const struct suite *suites_find(const char *name); /* NULL: no such suite */
bool suite_in_group(const struct suite *s, const char *group);
/* One where an SVSM runs, unless the suite says otherwise; none in a payload. */
unsigned suite_service_cpus(const struct suite *s);
const char *suite_kind_name(enum suite_kind k);

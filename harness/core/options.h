/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The command line of `run` and `test`. Strings point into argv or are static. */
#include "harness/core/psp_config.h"
#include "harness/core/util.h"

struct options {
	const char *platform; /* native, plain, snp or tdx */
	const char *qemu;
	const char *monitor; /* NULL: build/monitor.elf.mb */
	const char *kernel;  /* NULL: what the suite says */
	const char *initrd;
	const char *append;   /* words added to the kernel's command line */
	const char *firmware; /* OVMF's image for a Linux to boot by; "": the fetched one */
	const char *igvm;     /* a ready IGVM file: nothing is built */
	const char *payload;  /* run: a multiboot image for the shim; NULL: none */
	const char *symbols;  /* ELF of the SVSM in it, for names; NULL: none */
	const char *gdb;      /* socket on which QEMU waits for a debugger; NULL: it starts */
	const char
		*gdb_trace; /* with gdb: ranges of addresses whose blocks are logged; NULL: none */
	const char *runs;   /* folder of run folders; NULL: build/runs */
	const char *name;   /* of the run folder; NULL: the suite's */
	const char *disk;   /* raw image given to the guest as a virtio disk */
	const char *swtpm;  /* plain: control socket of a running swtpm, the guest's TPM */
	const char *group;  /* test: the suites of this group */
	const char *known;  /* test: a file of deviations that are known (run/known.h) */
	const char *sev_features; /* of the boot VMSA, a number; NULL: what the suite says */
	unsigned smp;             /* the guest's vCPUs; 0: what the suite says */
	unsigned mem;             /* MiB; 0: what the suite says */
	int service_cpus;         /* -1: what the suite says */
	int icount;               /* log2 of ns an instruction takes; -1: what the suite says */
	unsigned timeout;         /* seconds without progress; 0: what the suite says */
	unsigned limit;           /* seconds a boot may take; 0: no such limit */
	bool deterministic;       /* no host input, a clock of instructions: docs/reproduce.md */
	unsigned seed;            /* of the guest's random numbers and the machine's turns */
	unsigned seed_first, seed_last; /* test: a run for each of these seeds; 0, 0: one run */
	uint64_t trail_from; /* write the exits behind this one; MACHINE_REPEAT_NONE: none */
	bool test;           /* the command is `test`: the test protocol may be offered */
	bool json, dry_run, strict, list, all, keep, shell, kdump;
	const char *tsc_offset;   /* of SecureTSC, a number; NULL: 0 */
	bool secure_tsc;          /* the guest's vCPUs have it too */
	bool alternate_injection; /* the SVSM emulates the guest's local APICs */
	bool com1;                /* it logs on COM1, not on the debug port */
	const char *boot_cache;   /* its folder; "": build/boot-cache; NULL: where the suite says */
	bool no_boot_cache;       /* always boot */
	bool no_agent;            /* run: nobody answers on the control port */
	struct strlist words;     /* monitor options (abi/machine.h) */
	struct psp_config psp;    /* the security processor */
	bool psp_given;           /* it was asked for */
	const char *state;        /* run: a file that keeps the TPM's state; NULL: it is not kept */
	bool state_required;      /* no guest without it */
	const char *keys;         /* a key server's socket; NULL: the test key */
	const char
		*keys_signer; /* whose keys are taken: a file with a public key; NULL: anybody's */
	bool keys_unsigned;
	struct strlist exec; /* run: command lines for the guest's shell */
	struct strlist args; /* what is no option */
};

/* How many words an option is: 2 when its value is the next one; 0: the word is no option. One that
 * nobody knows counts as 1. name (may be NULL): its long name, without dashes and value. */
unsigned options_width(const char *word, const char **name);
/*
 * Reads argv[1..]. CODE_PASSED, or CODE_USAGE after one line that says what is wrong, or -1 when
 * help was asked for and printed.
 */
int options_read(struct options *o, int argc, char **argv, const char *usage);

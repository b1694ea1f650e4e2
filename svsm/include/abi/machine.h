/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the harness, QEMU and the machine in software (launch/machine) agree on. To the SVSM and its
 * guest the machine is one with SEV-SNP: the SVSM takes nothing from here but the signature, for
 * one line in its log (platform/announce.c).
 */
#include "base/types.h"

/* fw_cfg files */
#define MACHINE_FW_IGVM    "opt/org.keelson/igvm"    /* the IGVM file, whole */
#define MACHINE_FW_OPTIONS "opt/org.keelson/options" /* the monitor's options, see below */
/* MiB of RAM that the guest has, and how many of them below 4 GiB, in ASCII, with a space between;
 * QEMU has more. Without it the guest gets all RAM but the machine's own. */
#define MACHINE_FW_MEM "opt/org.keelson/mem"
/* How many of the last vCPUs are the SVSM's own, in ASCII: no list or count shows them to a guest
 * below VMPL0. */
#define MACHINE_FW_SERVICE_CPUS "opt/org.keelson/service-cpus"
/*
 * A run that can be repeated: two decimal numbers of MACHINE_REPEAT_DIGITS digits each, with a
 * space between, so that another number costs no other instruction. The first is the seed of the
 * machine's turns, 0: all of one length; the second the exit behind which MACHINE_TRAIL_EVERY exits
 * are written one by one, or MACHINE_REPEAT_NONE. With the file CPU 0 never sleeps, and the trail
 * (MACHINE_TRAIL_PORT) is written.
 */
#define MACHINE_FW_REPEAT     "opt/org.keelson/repeat"
#define MACHINE_REPEAT_DIGITS 20
#define MACHINE_REPEAT_NONE   (1ull << 63) /* no run has so many exits */
#define MACHINE_TRAIL_EVERY   1000u
/* The disk's image: the machine serves QEMU's virtio-blk function itself (machine/dev/disk). What
 * the directory of QEMU's fw_cfg says of a file's size are 32 bits. */
#define MACHINE_FW_DISK      "opt/org.keelson/disk"
#define MACHINE_FW_DISK_MOST 0xffffffffull
/* Shown to the guest: what it is to do in a run without a word from the host (abi/control.h). */
#define MACHINE_FW_SCRIPT "opt/keelson.script"
/* A kernel for the guest's firmware: bzImage, initrd and command line, whole files. The guest finds
 * them where QEMU's -kernel would put them, in its own fw_cfg. */
#define MACHINE_FW_KERNEL  "opt/org.keelson/guest-kernel"
#define MACHINE_FW_INITRD  "opt/org.keelson/guest-initrd"
#define MACHINE_FW_CMDLINE "opt/org.keelson/guest-cmdline"
/*
 * The monitor's options, separated by spaces or commas:
 *          "strict"       every event that hardware reflects is reflected
 *          "stats"        exit counters by reason go to the monitor log at the end
 *          "series"       "stats", and the exits of each fifth of a second as they come
 *          "rmp-map"      what each page is at the end, as the RMP has it
 *          "trace"        one log line per exit (slow)
 *          "turns"        all CPUs share one host thread: let the next one go on now and then
 *          "quiesce"      the host may have the machine saved, by MACHINE_QUIESCE_PORT
 *          "no-invlpgb"   INVLPGB and TLBSYNC raise #UD, as where a host does not allow them
 * and the words of hostile hosts (docs/monitor.md, "Hostile hosts")
 */

/* From here up to 4 GiB lies the firmware of a guest that has one, as on a PC. */
#define MACHINE_FIRMWARE_BASE 0xff000000ull

#define MACHINE_LOG_PORT      0x404 /* debugcon: the monitor's log, refused to guests */
/* debugcon, may be absent: a copy of what VMPL0 writes to COM1; refused to guests. It tells an
 * SVSM's words there from its guest's. */
#define MACHINE_SVSM_PORT 0x405
/* debugcon: the trail of a run that can be repeated (docs/reproduce.md); refused to guests */
#define MACHINE_TRAIL_PORT 0x406
/*
 * 16550, with the option "quiesce" only, of bytes in both directions; refused to guests. The host
 * asks, the machine answers when no CPU is in a guest, and stays so until the host lets it go:
 * perhaps in another QEMU, which has loaded what this one has saved.
 */
#define MACHINE_QUIESCE_PORT 0x408
enum machine_quiesce {
	MACHINE_QUIESCE_ASK = 'q',     /* host to machine */
	MACHINE_QUIESCE_QUIET = 'Q',   /* machine to host: it may be saved now */
	MACHINE_QUIESCE_REFUSED = 'N', /* machine to host: a CPU did not come; it goes on */
	MACHINE_QUIESCE_GO = 'g',      /* host to machine */
};
#define MACHINE_DEBUGCON  0xe9 /* what both ports read as */
#define MACHINE_EXIT_PORT 0xf4 /* isa-debug-exit, 4 bytes; refused to guests */

/* How a run ended: written to MACHINE_EXIT_PORT; QEMU exits with (value << 1) | 1 */
enum machine_end {
	MACHINE_END_OFF = 0x10, /* QEMU 33: a guest asked for power off */
	/* QEMU 35: triple fault, termination or broken protocol below VMPL0; 37: the same at it */
	MACHINE_END_GUEST_PANIC = 0x11,
	MACHINE_END_SVSM_PANIC = 0x12,
	MACHINE_END_MONITOR = 0x13,  /* QEMU 39: the monitor itself failed */
	MACHINE_END_BAD_IGVM = 0x14, /* QEMU 41: the IGVM file was refused */
	MACHINE_END_RESET = 0x15,    /* QEMU 43: a guest asked for a reset */
};

/*
 * MiB of RAM that a machine may have. Bare guests, and the initrd of others, lie at 160 MiB
 * (harness/igvm/build.h): with less than this no guest finds room. What a kernel and its initrd
 * need more, the loader tells.
 */
#define MACHINE_MEM_LEAST 192
#define MACHINE_MEM_MOST  262144
/* MiB that QEMU has besides the guest's, for so many CPUs of QEMU: the monitor takes 16, 1/32 of
 * all, and some for each CPU, and rounds up (launch/machine/host/mem/mem.c). */
#define MACHINE_OWN_MEM(mem, cpus) (32 + (mem) / 28 + (cpus) / 4)

#define MACHINE_CBIT               47
#define MACHINE_SIGNATURE_LEAF     0x40000100 /* "KeelsonNativ": says plainly what this is */
#define MACHINE_FEATURES_LEAF      0x40000101 /* EAX: what this run has, MACHINE_HAS_* */
#define MACHINE_HAS_PSP            BIT(0)     /* a security processor answers guest requests */

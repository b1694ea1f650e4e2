/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A conformance image: tests of one of this project's suites, started as firmware by an SVSM that
 * may be anybody's, and judged by the SVSM specification alone (docs/conformance.md). Each file
 * here is one step of its way:
 *
 *   fd/        the file that is launched: reset vector, metadata, stub
 *   found.c    what the launch has left: secrets page, CPUID page, calling area; no SVSM
 *   fwcfg.c    QEMU's fw_cfg: the memory map, the number of CPUs
 *   survey.c   RAM and vCPUs of the machine; memory for the tests, validated
 *   console.c  COM1, with or without SNP
 *   tap.c      reports on COM1, where no harness listens
 *   begin.c    all that in its order
 *   left_out.c which tests
 */
#include "base/types.h"

struct bare_info;

/* Runs the tests of the image under this name, where the SVSM has the protocol that they are for.
 * Interrupts off, as bare_main() is entered. */
NORETURN void conform_begin(const char *suite, uint32_t protocol);

/* ---- found.c ---- */

/* What is known of the machine; survey.c fills in RAM and vCPUs. */
extern struct bare_info found;
#define FOUND_VCPUS 256
extern uint32_t found_apic_ids[FOUND_VCPUS]; /* the boot vCPU's first */
bool found_svsm(void);

/* ---- survey.c ---- */

/* NULL, or what is missing for tests. Validates the memory that they get. */
const char *survey(void);

/* ---- console.c ---- */

void console_init(bool snp); /* false: no #VC, and no GHCB to ask by */
void console_write(const char *text);
void console_printf(const char *fmt, ...) PRINTF(1, 2);

/* ---- tap.c ---- */

/* From here on all reports go to the console, and then come all tests, one after the other. */
void tap_begin(const char *suite);
void tap_run(void);

/* ---- begin.c ---- */

/* Says why there is nothing to test, and ends. snp: as console_init(). */
NORETURN void conform_refuse(bool snp, const char *why);

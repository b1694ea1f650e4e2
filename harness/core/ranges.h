/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Which numbers a run may be given, the same for the command line and for launch/suites.cfg: what
 * no machine can do is refused before one is started.
 */
#include "abi/machine.h"
#include "abi/machine_limits.h"
#include "abi/vmsa.h"

struct range {
	unsigned min, max;
};

#define RANGE_SMP          ((struct range){1, QEMU_VCPUS_MAX})
#define RANGE_MEM          ((struct range){MACHINE_MEM_LEAST, MACHINE_MEM_MOST}) /* MiB */
#define RANGE_SERVICE_CPUS ((struct range){0, 64})
#define RANGE_ICOUNT       ((struct range){0, 10}) /* log2 of ns */
#define RANGE_SEED         ((struct range){0, 0xffffffff})
#define RANGE_SEEDS        ((struct range){1, 0xffffffff})
#define RANGE_TIMEOUT      ((struct range){1, 86400}) /* seconds */
#define RANGE_DISK         ((struct range){1, 4096})  /* MiB */

/* A decimal number in the range and nothing else: no sign, no blank. False leaves *out alone. */
bool range_read(struct range r, const char *text, unsigned *out);
/* SEV_FEATURES of a VMSA, decimal or 0x...; without SNP_ACTIVE it would be no SNP guest. */
bool tsc_offset_read(const char *text, uint64_t *out); /* 64 bits, decimal or 0x... */
bool sev_features_read(const char *text, uint64_t *out);
/* Where the SVSM logs: "com1", or "debug" for the debug port. */
bool console_port_read(const char *text, bool *com1);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* How large the machine in software (launch/machine) may be: it is built for that, and the harness
 * refuses more before anything starts. Also for the assembler. */

/* vCPUs: the guest's and those for services together. QEMU gets one more, the monitor's own. */
#define MACHINE_VCPUS_MAX 96

/* Those of any QEMU that the harness starts: APIC IDs of 8 bits. */
#define QEMU_VCPUS_MAX 254

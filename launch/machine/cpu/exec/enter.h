/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The loop around VMRUN. */
#include "machine/cpu/vcpu.h"

void machine_cpu_init(void); /* EFER.SVME, host save area; on every guest CPU */
/* Run the current VMPL until something for the hypervisor happens. The machine handles the rest:
 * reflected exits, instructions of its own, nested faults it can fill. */
enum machine_exit machine_run(struct vcpu *v);

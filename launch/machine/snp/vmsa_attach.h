/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Which VMSA a VMPL has, and which VMPL is current. On v's own CPU, outside machine_run. */
#include "machine/cpu/vcpu.h"

/* Make vmpl current: the old one is written back to its VMSA page (whose in-use lock is dropped),
 * the new one read from its own (checked to be a VMSA page of that VMPL, then locked).
 * False, and nothing changed, when that cannot be. */
bool machine_switch(struct vcpu *v, uint8_t vmpl);
/* Give (or with GPA_NONE take away) the VMSA of a VMPL, which may be the current one: its state is
 * written back first, and v has nothing to run until the next machine_switch.
 * False when the page is not an unused VMSA page of that VMPL, or its sev_features differ: then the
 * VMPL keeps the VMSA that it had. */
bool machine_attach(struct vcpu *v, uint8_t vmpl, gpa_t vmsa, uint64_t sev_features);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Which CPUs the SVSM tries to start. All that is known of them is the host's word, and it serves
 * for nothing else: a CPU that is not there does not come up, and one that is hidden is not missed.
 */
#include "base/types.h"

/*
 * APIC IDs, none of them twice, the boot CPU's among them or not; at most max of them. From the
 * first of these that gives any: the MADT that the loader has written, the hypervisor's list, the
 * number of CPUs that the loader has written (they count up from 0 then, as QEMU has them). 0: the
 * host tells nothing. Boot CPU only.
 */
unsigned cpu_list(uint32_t *ids, unsigned max);

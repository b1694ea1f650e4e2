/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * End the translations by which a vCPU of the guest could still use rights that have been taken
 * away before: with INVLPGB and TLBSYNC where a guest may execute them, else by PCPU_ID (APM vol.
 * 2, 15.36.15). A VMSA in which software has set PCPU_ID to 0 flushes at its next VMRUN, which then
 * sets it. So a vCPU has no old translations when its PCPU_ID is not 0 any more, or when it is 0
 * and the VMSA does not run (task/vmsa_stop.h has the RMPADJUST that tells).
 *
 * True: done. False: a vCPU has neither left the guest nor entered it for VMSA_FLUSH_LIMIT ticks of
 * the TSC; the guest should try again.
 *
 * Locks: LOCK_VMSAS inside.
 */
#include "base/types.h"

#define VMSA_FLUSH_LIMIT 2000000000ull /* half a second, or more */

bool vmsa_flush(void);

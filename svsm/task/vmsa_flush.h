/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * End the translations by which a vCPU of the guest could still use rights that have been taken
 * away before: those of all vCPUs at once where the platform can do that (guest_flush), else those
 * of each by itself (platform/vcpu.h, flush). A vCPU has none left when it has flushed since, or
 * when it does not run, since it flushes before it runs again.
 *
 * True: done. False: a vCPU has neither left the guest nor entered it for VMSA_FLUSH_MS; the guest
 * should try again (58019, table 4: BUSY). It stands still meanwhile, so the wait is short.
 *
 * Locks: LOCK_VMSAS inside.
 */
#include "base/types.h"

#define VMSA_FLUSH_MS 500

bool vmsa_flush(void);

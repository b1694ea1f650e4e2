/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How much deposited memory the guest could have back, and SVSM_MEM_AVAILABLE, by which a calling
 * area says whether there is any: SVSM specification (58019), table 2, 6.5 and 6.6.
 */
#include "base/types.h"

/* Pages were deposited (> 0) or given back (< 0). Any CPU, no locks. */
void mem_available_change(int64_t pages);
/* The value of the field: 1 when WITHDRAW_MEM would give pages back. */
uint8_t mem_available(void);
/* Writes it to the startup vCPU's calling area, whoever calls: after a change, and after an area
 * was prepared that may be that one. No locks held beyond LOCK_VMSAS. */
void mem_available_announce(void);

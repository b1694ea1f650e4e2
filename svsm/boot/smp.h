/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The other CPUs of the SVSM: started one by one, each by AP_CREATION with a VMPL0 VMSA of its own.
 */

/* On the boot CPU, after its own set-up. A CPU that does not come up within the time limit is left
 * out with a line in the log: the guest cannot use it. */
void smp_init(void);

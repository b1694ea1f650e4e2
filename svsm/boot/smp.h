/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The other CPUs of the SVSM, started one by one. On SNP each has a VMPL0 VMSA of its own and is
 * started by AP_CREATION. */

/* Start them. On the boot CPU, after it is set up itself. A CPU that does not come up within the
 * time limit is left out with a line in the log; the guest cannot use it either. */
void smp_init(void);

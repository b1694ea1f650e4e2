/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The native platform is an SEV-SNP machine to the SVSM, so platform/snp drives it. Only this line
 * in the log differs.
 */

/* Log one line that names the platform and the hypervisor, and says so when it is Keelson's own
 * machine. */
void platform_announce(void);

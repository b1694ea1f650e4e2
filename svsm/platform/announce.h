/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The native platform is an SEV-SNP machine, so platform/snp/ drives it; nothing differs but the
 * line in the log that says what it is.
 */

/* One log line that names the hypervisor, and plainly when it is Keelson's own machine. */
void platform_announce(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Launches the IGVM file that QEMU was given (MACHINE_FW_IGVM): what QEMU, KVM and the security
 * processor do together on hardware. Called once, on CPU 0: loader_read_file() before the machine's
 * tables are made, since it may add memory to the guest's, loader_launch() after machine_init and
 * before hv_init. The whole file is checked before guest memory is touched; a file that is
 * malformed, not for SEV-SNP or too large for this machine ends the run with one line and
 * MACHINE_END_BAD_IGVM. Afterwards guest RAM is assigned and unvalidated, except the file's pages,
 * and vCPU 0 has its VMSA at VMPL0.
 */
void loader_read_file(void);
void loader_launch(void);

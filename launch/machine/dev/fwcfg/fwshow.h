/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Fill the guest's fw_cfg with what QEMU would have there for this guest; CPU 0, once, when RAM and
 * vCPUs are known. */
void fwshow_init(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* What a CPU does once it is up: run the guest's VMPL, serve its calls, run services or sleep when
 * it has no guest. */
NORETURN void cpu_loop(void);

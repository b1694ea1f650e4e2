/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* CPU 0: what it watches over while the guest runs. */
#include "base/types.h"

/* Ends the run when every vCPU waits for what cannot come (hv_vcpu.dead). */
NORETURN void hv_service_main(void);

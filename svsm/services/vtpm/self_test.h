/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/*
 * Tests all algorithms that are not tested yet, as TPM2_SelfTest(NO) would: 0.3 s under emulation,
 * which nobody has to wait for then. No TPM command: it needs no TPM2_Startup and changes no PCR.
 * The tests count until the TPM's next power off. False: this TPM must not be used.
 */
bool self_test(void);

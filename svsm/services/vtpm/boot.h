/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "abi/launch.h"

/*
 * The firmware's part in a boot without firmware: TPM2_Startup(CLEAR) at locality 0 unless it was
 * done, then each event extends its PCR in every active bank. False: some of it failed, or a bank
 * is active that the events have no digest for; then this TPM must not be used.
 */
bool boot_measured(const struct launch_event *events, uint32_t count, bool started);

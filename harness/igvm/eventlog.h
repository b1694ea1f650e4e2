/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "abi/launch.h"
#include "harness/igvm/blob.h"

/*
 * The launch page's measurements as a crypto-agile event log (TCG PC Client Platform Firmware
 * Profile, "TCG_PCR_EVENT2 Structure"), which tpm2_eventlog reads. `cmdline` is the one that they
 * were made of. Appended to *out; the caller frees it.
 */
void eventlog_make(const struct launch_info *info, const char *cmdline, struct blob *out);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* From a list of measurements to the PCRs that a TPM shows after it. */
#include "harness/igvm/digests.h"

struct replay {
	uint8_t pcr[BANKS][LAUNCH_EVENT_PCRS][BANK_BYTES_MAX];
	uint32_t extended; /* bit n: PCR n was */
};

/* PCRs 0 to 15 begin as zeroes (PC Client Platform TPM Profile, table 4). info->events was checked
 * or made here: event_count and each pcr are in range. */
void replay_events(struct replay *r, const struct launch_info *info);

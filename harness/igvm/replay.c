/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* TPM2_PCR_Extend on paper: what a verifier compares a quote with. */
#include "harness/igvm/replay.h"

#include <string.h>

void replay_events(struct replay *r, const struct launch_info *info)
{
	memset(r, 0, sizeof(*r));
	for (uint32_t i = 0; i < info->event_count; i++) {
		struct launch_event e = info->events[i];

		r->extended |= 1u << e.pcr;
		for (enum bank b = 0; b < BANKS; b++)
			digest_extend(b, r->pcr[b][e.pcr], digest_of(&e, b));
	}
}

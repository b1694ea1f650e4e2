/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What the program does before the first command after a fault (recover.h says why). Called by
 * serve.c, once. If a step fails the TPM must not be used.
 */
#include "services/vtpm/recover.h"
#include "services/vtpm/message.h"

#define LOCALITY  2 /* the one that may extend all of these PCRs: PC Client PTP, table 4 */
#define PCR_DEBUG 16
#define PCR_LAST  22

/* Extends a PCR with RECOVER_EVENT, in all active banks. */
static bool spoil(uint32_t pcr)
{
	struct message m;
	uint32_t at;

	message_begin_auth(&m, TPM_CC_PCR_EVENT, pcr);
	at = message_open(&m);
	message_bytes(&m, RECOVER_EVENT, sizeof(RECOVER_EVENT) - 1);
	message_close(&m, at);
	return message_send(&m, LOCALITY);
}

bool recover_after_fault(void)
{
	if (!message_startup())
		return false;
	for (uint32_t pcr = 0; pcr <= PCR_LAST; pcr++) {
		if (pcr != PCR_DEBUG && !spoil(pcr))
			return false;
	}
	return message_hierarchy_off(TPM_RH_PLATFORM);
}

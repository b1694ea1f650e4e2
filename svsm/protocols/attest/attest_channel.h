/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's conversation with the security processor, by VMPCK0: one request for a report at a
 * time. Sequence numbers begin with 1 at the launch, and one of them seals one payload, ever. So a
 * message that was begun is carried to its end, whoever has lost interest in it: a host that is
 *busy gets the same bytes again, and so does one that refuses them for want of room for
 *certificates.
 *
 *	         begin         service              processor           service
 *	  IDLE --------> SEALS --------> SENDS ----------------> OPENS --------> ANSWERED
 *--forget--> IDLE |            busy: again                |
 *	                   '-----------------> LOST <--------------'
 *
 * LOST is for good: what the host did may have been seen by the processor or not, or the answer is
 * none of its own. Then VMPCK0 is wiped. LOCK_ATTEST is held in all functions, which may give it
 * back in between.
 */
#include "abi/guest_message.h"
#include "base/types.h"

enum attest_channel_state {
	ATTEST_CHANNEL_IDLE,
	ATTEST_CHANNEL_SEALS,
	ATTEST_CHANNEL_SENDS,
	ATTEST_CHANNEL_OPENS,
	ATTEST_CHANNEL_ANSWERED,
	ATTEST_CHANNEL_LOST,
};

struct service_request;

enum attest_channel_state attest_channel_state(void);

/* IDLE: begin a request for a report over SHA-512 of `a` and `b`, ATTEST_DATA_MAX bytes at most,
 * with the host's certificates or without. False: no memory, and nothing has changed. */
bool attest_channel_begin(const void *a, uint32_t a_size, const void *b, uint32_t b_size,
			  bool certificates);
/* The same for a report over those bytes as they are, without certificates. */
bool attest_channel_begin_data(const uint8_t data[64]);
/* SEALS to OPENS: go on as far as the host and what the service has done allow, without lending it
 * a CPU; the request that it is at now, or NULL, for who lends one. */
void attest_channel_poll(void);
struct service_request *attest_channel_request(void);
/* SEALS to ANSWERED: go on, or wait for others, lending this CPU for at most ns; an exit to the
 * host may take longer. */
void attest_channel_step(uint64_t ns);

/* ANSWERED. NULL: the processor gives no report. */
const struct attestation_report *attest_channel_report(void);
/* ANSWERED. The host's certificates: the table and what it points to. 0: none. *table NULL: they
 * take so much, which is more than there is room for, and are not here. */
uint32_t attest_channel_certificates(const void **table);
void attest_channel_forget(void);

/* As at the launch: unit tests. */
void attest_channel_reset(void);

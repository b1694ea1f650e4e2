/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A security processor in software, for one guest: SEV-SNP firmware ABI (56860), 8.26. Its keys are
 * test keys, and what it signs proves nothing but that the way to it works (docs/psp.md). One
 * thread at a time.
 */
#include "abi/guest_message.h"
#include "harness/core/psp_config.h"

struct psp_chain;

/* What the firmware keeps of a guest in its context page. */
struct psp_guest {
	uint8_t vmpck[GUEST_MESSAGE_KEYS][GUEST_MESSAGE_KEY];
	uint64_t count[GUEST_MESSAGE_KEYS]; /* messages of each key so far, in both directions */
	uint8_t report_id[32];              /* random, of this launch */
	uint8_t measurement[48];            /* the launch digest */
	uint64_t policy;
	bool running; /* it was launched: measurement and policy are known */
};

struct psp {
	const struct psp_config *config;
	const struct psp_chain *chain;
	struct psp_guest guest;
};

/* New keys, counts of 0 and a report ID. False: libcrypto has no random numbers. */
bool psp_guest_init(struct psp_guest *g);

/*
 * SNP_GUEST_REQUEST: request and response are pages. On anything but SNP_STATUS_SUCCESS nothing has
 * changed, the response included: the guest may send the same page again. What is wrong with the
 * payload of an authentic message in sequence stands in the sealed response instead.
 */
enum snp_status psp_request(struct psp *p, const struct guest_message *request,
			    struct guest_message *response);

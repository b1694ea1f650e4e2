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
#include "harness/psp/sealed.h"

struct psp_chain;

/* What the firmware keeps of a guest in its context page. */
struct psp_guest {
	uint8_t vmpck[GUEST_MESSAGE_KEYS][GUEST_MESSAGE_KEY];
	uint64_t count[GUEST_MESSAGE_KEYS]; /* messages of each key so far, in both directions */
	uint8_t report_id[32];              /* random, of this launch */
	uint8_t measurement[48];            /* the launch digest */
	uint64_t policy;
	/* The ID block's, and whose keys have signed it: SHA-384 of the keys, zeroes for none. */
	uint32_t guest_svn;
	uint8_t family_id[16], image_id[16];
	uint8_t id_key_digest[48], author_key_digest[48];
	bool author_key;
	bool running; /* it was launched: measurement and policy are known */
};

/* What the machine says of its launch. */
struct psp_launch {
	uint32_t cpuid_count;
	struct snp_cpuid_fn cpuid[SNP_CPUID_MAX];
	uint64_t tsc_scale, tsc_offset; /* with SecureTSC, else 0 */
	uint32_t tsc_factor;
};

struct psp {
	const struct psp_config *config;
	const struct psp_chain *chain;
	struct psp_guest guest;
	struct psp_launch launch;
	struct sealed sealed;
	bool reused; /* a key has sealed two payloads with one number: that one, and that number */
	uint8_t reused_key;
	uint64_t reused_seqno;
};

/* New keys, counts of 0 and a report ID. False: libcrypto has no random numbers. */
bool psp_guest_init(struct psp_guest *g);

/* A request that was on its way and does not come here: the host has seen it, so its number is
 * used. */
void psp_note(struct psp *p, const struct guest_message *request);

/*
 * SNP_GUEST_REQUEST: request and response are pages. On anything but SNP_STATUS_SUCCESS nothing has
 * changed, the response included: the guest may send the same page again. What is wrong with the
 * payload of an authentic message in sequence stands in the sealed response instead.
 */
enum snp_status psp_request(struct psp *p, const struct guest_message *request,
			    struct guest_message *response);

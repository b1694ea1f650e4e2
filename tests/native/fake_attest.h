/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the attestation protocol stands on, for its test: the services' programs, played with the
 * attestation service's own seal; a host that does what a test says, with the harness's security
 * processor behind it; and a guest that calls as Linux does.
 */
#include "abi/attest.h"
#include "harness/psp/psp.h"
#include "mm/secrets.h"
#include "protocols/attest/attest_service.h"
#include "tests/native/fake.h"

#define MS        1000000ull
#define OP        AT(0)
#define NONCE     AT(1)
#define REPORT    AT(2)
#define MANIFEST  AT(3)
#define CERTS     AT(40) /* to AT(63) */
#define ROOM      (PLATFORM_CERTIFICATE_PAGES * PAGE_SIZE)
#define NO_REPORT SVSM_ERR_ATTEST_NO_REPORT

extern uint64_t now; /* timer_uptime_ns */

struct fake_attest_ring3 {
	uint64_t key_ns;       /* a key takes */
	unsigned keys;         /* made so far */
	unsigned deaths;       /* the attestation service loses so many requests */
	unsigned seals, opens; /* it was asked for */
	bool two_payloads;     /* one number was to seal another payload than before */
	uint8_t seed;          /* in all keys */
	bool no_keys;
	bool tpm_busy;           /* with a command of the guest's */
	struct attest_kept kept; /* of the state that is kept; counter 0: none is */
};
extern struct fake_attest_ring3 ring3;
/* The public key that the vTPM's program makes; its length. */
uint32_t key_public(uint32_t which, uint8_t *to);

struct fake_attest_ahead {
	uint64_t left;  /* until the guest has let its TPM rest; UINT64_MAX: it has not used it */
	uint64_t armed; /* ns from now on: the timer of the service CPU */
	size_t pages;   /* free */
	bool no_state;  /* the TPM has stored nothing yet */
	bool dies;      /* the copy of the vTPM's program */
	uint8_t seed;   /* of the copy */
	struct service_request *asked;
	unsigned keys, copies, retired;
};
extern struct fake_attest_ahead ahead;
/* A round of the service CPU's loop, in which the copy of the program has a turn. */
void service_cpu(void);

/* Another vCPU's call, once, while the next CPU is lent. */
extern void (*meanwhile)(void);

struct fake_attest_host {
	unsigned asked;  /* messages */
	uint64_t status; /* what it says instead of asking, ... */
	unsigned times;  /* ... so often */
	uint64_t pages;
	bool refuses, spoils;
	struct guest_message last;
	bool differs; /* a message was not the one before, though that was not answered */
	bool answered;
	bool certificates;  /* were wanted by the last one */
	uint32_t no_report; /* the processor answers this instead of a report; 0: it does not */
	uint8_t table[ROOM];
};
extern struct fake_attest_host host;
extern struct psp psp;
extern struct psp_config config;
extern struct snp_secrets secrets;

void setup(void); /* all as at the launch */

/* An operation with buffers that are large enough, and a nonce that begins with n. */
struct attest_single *operation(uint8_t n);
struct vmsa *regs(unsigned cpu);
uint64_t call_at(unsigned cpu, uint32_t number, uint64_t rcx);
/* vCPU 0's call with OP, the same again as long as it is INCOMPLETE, as Linux does it. */
uint64_t call(uint32_t number);
uint64_t single(void);
const struct attestation_report *report(void);
/* There is a report over SHA-512 of the nonce and a manifest of that size, and nothing behind. */
void check_report(uint32_t manifest_size);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Calls to the SVSM (SVSM specification 58019, chapter 5) from VMPL2. Interrupts off. */
#include "abi/svsm.h"
#include "bare/lib/percpu.h"

struct svsm_call {
	uint64_t rax, rcx, rdx, r8, r9; /* in: what to ask; out: the answer */
	uint8_t pending; /* out: call_pending afterwards; 0 = the SVSM took the call */
};

/* Sets call_pending of this vCPU's calling area, exits by the MSR protocol. Returns RAX. */
uint64_t svsm_call(struct svsm_call *c);
/* The same through the GHCB's RUN_VMPL event. ~0 when the hypervisor refused. */
uint64_t svsm_call_ghcb(struct svsm_call *c);
/* The same where the GHCB MSR names the page already (ghcb_begin_again()). */
uint64_t svsm_call_ghcb_again(struct svsm_call *c);
/* Exits to VMPL0 with call_pending as given and with this calling area; for tests of the protocol.
 */
uint64_t svsm_call_raw(struct svsm_call *c, struct svsm_caa *caa, uint8_t pending);
/* protocol:call with up to four arguments. */
uint64_t svsm(uint64_t call, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);

/* One PVALIDATE entry through a list page of this vCPU; retries INCOMPLETE and BUSY. */
uint64_t svsm_pvalidate(uint64_t entry);
#define SVSM_ENTRY(gpa, size, validate) ((gpa) | (size) | ((validate) ? SVSM_PVALIDATE_ACTION : 0))

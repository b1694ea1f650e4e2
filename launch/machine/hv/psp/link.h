/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The hypervisor's driver of the security processor, which the harness plays behind a port
 * (abi/psp_link.h). One request at a time, as the firmware's mailbox has it. A vCPU that waits for
 * its answer runs no guest meanwhile, as on a host whose driver sleeps in the vCPU's thread; other
 * vCPUs go on, and what they ask of this one is done.
 */
#include "abi/guest_message.h"
#include "abi/psp_link.h"
#include "base/types.h"

struct vcpu;

/* The launch, CPU 0, before any of its pages: finds the processor, if there is one. */
void psp_link_open(void);
bool psp_link_there(void);
/* The launch, CPU 0, once: takes the guest's keys. False: there is no processor, and keys is as it
 * was. */
bool psp_link_keys(uint8_t keys[GUEST_MESSAGE_KEYS][GUEST_MESSAGE_KEY]);
/* The launch, CPU 0: what the processor is to know of it, which goes with the first request. */
void psp_link_cpuid(const struct snp_cpuid_page *p);
void psp_link_tsc(uint64_t scale, uint64_t offset, uint32_t factor);

/* Any CPU, out of machine_run. True: the link is the caller's until psp_link_end(). False: another
 * vCPU did not let go of it in time. */
bool psp_link_begin(struct vcpu *v);
/* The page of the request, one of the monitor's own, for the caller to fill. */
void *psp_link_page(void);
/* NULL: the processor does not answer, now and for good. Else its answer, which is the link's;
 * *response is a whole page, or NULL where none is to be written, *table holds a->table bytes. */
const struct psp_link_reply *psp_link_ask(struct vcpu *v, bool extended, uint32_t pages,
					  const void **response, const void **table);
void psp_link_end(void);

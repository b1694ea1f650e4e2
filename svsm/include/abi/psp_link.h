/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The way between the machine in software, which is the host's half of a guest request, and the
 * security processor, which the harness plays. The machine says once what it launched, behind that
 * it sends a request with an ID, and takes the reply with that ID; one at a time. Trailing zeroes
 * of a page are not sent. Both ends bound every size before they read what it counts. What has not
 * this form is answered with a reply of zeroes, and is the end of the link.
 */
#include "abi/cpuid_page.h"

/* 16550, of bytes in both directions; refused to guests, absent without MACHINE_FW_PSP */
#define MACHINE_PSP_PORT 0x410
/* fw_cfg file: VMPCK0 to 3, as the launch puts them into the secrets page. Without it there is no
 * security processor, and the keys are nobody's. */
#define MACHINE_FW_PSP   "opt/org.keelson/psp"
#define MACHINE_PSP_KEYS 128 /* its bytes */

#define PSP_LINK_LAUNCH  0x6c505350u /* "PSPl" */
#define PSP_LINK_REQUEST 0x71505350u /* "PSPq" */
#define PSP_LINK_REPLY   0x72505350u /* "PSPr" */

/* What the processor knows of the launch, with the first request and before it. */
struct psp_link_launch {
	uint32_t magic;
	uint32_t cpuid;      /* functions that follow: struct snp_cpuid_fn, SNP_CPUID_MAX at most */
	uint64_t tsc_scale;  /* GUEST_TSC_SCALE of the boot VMSA with SecureTSC, else 0 */
	uint64_t tsc_offset; /* GUEST_TSC_OFFSET, likewise */
	uint32_t tsc_factor; /* TSC_FACTOR of the secrets page */
	uint32_t rsvd;
};
ABI_SIZE(struct psp_link_launch, 32, "psp link: launch");

struct psp_link_request {
	uint32_t magic;
	uint32_t id;
	uint32_t extended; /* 1: certificates are wanted, too */
	uint32_t pages;    /* extended: of the buffer for them */
	uint32_t size;     /* bytes of the request's page that follow, 1 page at most */
};

#define PSP_LINK_TABLE_MAX 0x4000u /* as much as Linux has room for */

struct psp_link_reply {
	uint32_t magic;
	uint32_t id;
	uint64_t info2; /* SW_EXITINFO2 of the guest request: firmware's status, and the host's */
	uint32_t pages; /* extended: not 0: as many are needed */
	uint32_t size;  /* bytes of the response's page that follow; 0: it is not written */
	uint32_t table; /* bytes of certificates behind them, PSP_LINK_TABLE_MAX at most */
	uint32_t rsvd;
};
ABI_SIZE(struct psp_link_request, 20, "psp link: request");
ABI_SIZE(struct psp_link_reply, 32, "psp link: reply");

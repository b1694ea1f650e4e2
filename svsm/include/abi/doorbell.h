/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The #HV doorbell page of restricted injection: GHCB (56421), #HV Doorbell Page; APM vol. 2,
 * 15.36.16. Shared memory, one page a vCPU and VMPL. */
#include "base/types.h"

struct hv_doorbell {
	uint8_t vector; /* the interrupt to take, 0: none; the guest writes 0 when it takes it */
	uint8_t flags;  /* DOORBELL_* */
	uint8_t no_eoi_required;
	uint8_t per_vmpl_events; /* of alternate injection */
	uint8_t rsvd_004[60];
} PACKED;
ABI_SIZE(struct hv_doorbell, 64, "GHCB 5: #HV doorbell page");

#define DOORBELL_NMI       BIT(0)
#define DOORBELL_MC        BIT(1)
#define DOORBELL_NO_SIGNAL BIT(7) /* #HV was raised; no other until the guest clears this */

/* GHCB_EXIT_HV_DOORBELL: SW_EXITINFO1. SW_EXITINFO2 is the page, in or out; ~0: none. */
#define GHCB_DOORBELL_PREFERRED 0
#define GHCB_DOORBELL_SET       1
#define GHCB_DOORBELL_QUERY     2
#define GHCB_DOORBELL_CLEAR     3

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The #HV doorbell page of restricted injection: GHCB (56421), #HV Doorbell Page; APM vol. 2,
 * 15.36.16. Shared memory, one page a vCPU and VMPL. */
#include "base/types.h"

/*
 * What is pending for a lower VMPL whose interrupts VMPL0 injects: the extended interrupt
 * information of the GHCB draft of 2025, as COCONUT-SVSM reads it. VMPL0 takes status by an
 * exchange with 0; only when DOORBELL_VMPL_MANY was set does irr[] count.
 */
struct hv_doorbell_vmpl {
	uint32_t status; /* DOORBELL_VMPL_* */
	uint32_t irr[7]; /* vectors 32 to 255, edge-triggered ones */
	uint32_t isr[8]; /* in service, written by VMPL0 for DISABLE_ALT_INJ */
};
ABI_OFFSET(struct hv_doorbell_vmpl, isr, 32, "extended interrupt information: ISR");
ABI_SIZE(struct hv_doorbell_vmpl, 64, "extended interrupt information of a VMPL");

#define DOORBELL_VMPL_VECTOR 0xffu /* the one vector that is pending; 0: none */
#define DOORBELL_VMPL_NMI    BIT(8)
#define DOORBELL_VMPL_MC     BIT(9)
#define DOORBELL_VMPL_LEVEL  BIT(10) /* the vector is level-triggered: it ends by SPECIFIC_EOI */
#define DOORBELL_VMPL_MANY   BIT(14) /* there are more, in irr[] and in bit 31 */
#define DOORBELL_VMPL_IPI    BIT(27) /* an IPI was asked for: look at what other vCPUs left */
#define DOORBELL_VMPL_31     BIT(31) /* with MANY: vector 31 is pending */

struct hv_doorbell {
	uint8_t vector; /* the interrupt to take, 0: none; the guest writes 0 when it takes it */
	uint8_t flags;  /* DOORBELL_* */
	uint8_t no_eoi_required;
	uint8_t per_vmpl_events; /* alternate injection: bit n - 1, VMPL n has something */
	uint8_t rsvd_004[60];
	struct hv_doorbell_vmpl vmpl[3]; /* of VMPL 1, 2 and 3 */
};
ABI_SIZE(struct hv_doorbell, 256, "GHCB 5: #HV doorbell page");

#define DOORBELL_NMI       BIT(0)
#define DOORBELL_MC        BIT(1)
#define DOORBELL_NO_SIGNAL BIT(7) /* #HV was raised; no other until the guest clears this */

/* GHCB_EXIT_HV_DOORBELL: SW_EXITINFO1. SW_EXITINFO2 is the page, in or out; ~0: none. */
#define GHCB_DOORBELL_PREFERRED 0
#define GHCB_DOORBELL_SET       1
#define GHCB_DOORBELL_QUERY     2
#define GHCB_DOORBELL_CLEAR     3

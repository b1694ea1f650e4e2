/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A lower VMPL's part of the doorbell page (abi/doorbell.h), from the hypervisor's side. VMPL0 may
 * take what is there at any time, and may write anything: all accesses are atomic, and nothing that
 * is read back is trusted. A level-triggered vector, or one below 31, has its place in status
 * alone, so of these one can be shown at a time.
 */
#include "abi/doorbell.h"

/* What was in a descriptor and is no longer. Vectors below 16 do not exist and are dropped. */
struct extint_taken {
	uint32_t irr[8];
	uint32_t isr[8];
	uint8_t level; /* the vector among those in irr that was shown as level-triggered; 0: none
			*/
	bool nmi;
};

/* Show a vector, 16 to 255. False when there is no room for it now, and nothing has changed. */
bool extint_post(struct hv_doorbell_vmpl *d, uint8_t vector, bool level);
void extint_post_nmi(struct hv_doorbell_vmpl *d);
/* Take all back, and leave the descriptor empty. */
struct extint_taken extint_take(struct hv_doorbell_vmpl *d);

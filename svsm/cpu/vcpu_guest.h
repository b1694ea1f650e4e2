/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the SVSM keeps of the guest's side of one vCPU: the VMSA that RUN_VMPL enters and the
 * calling area that belongs to it. Part of struct cpu (cpu/percpu.h).
 *
 * State of the pair, under vcpu_guest.lock:
 *
 *	  NONE (both GPA_NONE) --CREATE_VCPU / launch--> SET --REMAP_CA--> SET (new CAA)
 *	    ^------------------ DELETE_VCPU -------------'
 */
#include "base/addr.h"
#include "lib/spinlock.h"

struct vcpu_guest {
	struct spinlock lock; /* LOCK_VCPU */
	gpa_t vmsa;           /* GPA_NONE: this vCPU has no guest */
	gpa_t caa;            /* GPA_NONE exactly when vmsa is */
	uint8_t vmpl;         /* of the VMSA; 1..3 */
	/* svsm/apic emulates its local APIC: set before a guest runs, cleared by its own CPU, read
	 * by all (atomic) */
	bool apic;
};

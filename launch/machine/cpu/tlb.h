/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Other CPUs' translations. A generation counts changes that take rights away; a CPU notes the one
 * it has seen right before VMRUN, and every VMRUN flushes when the generation moved (under TCG it
 * always flushes). A CPU that is not in its guest has nothing to flush now.
 *
 * Software asks for a flush at a vCPU's next VMRUN by 0 in a word of memory, and sees by another
 * value that it was made: of SEV-SNP that is PCPU_ID in the VMSA (APM vol. 2, 15.36.15).
 */
#include "machine/cpu/vcpu.h"

/* Return when no other CPU runs a guest on translations older than now. Not called from a guest
 * path that is between tlb_enter and tlb_leave. */
void tlb_flush_others(void);
/* Right before VMRUN, interrupts off. word: see above. */
void tlb_enter(struct vcpu *v, struct vmcb *vmcb, uint64_t *word);
void tlb_leave(struct vcpu *v); /* right after VMEXIT */

/* What the monitor writes to guest memory for v, A and D bits of its tables included, between its
 * check of the rights and the last byte; on v's own CPU, which waits for nobody in between. They
 * nest: a write walks. */
void tlb_write_begin(struct vcpu *v);
void tlb_write_end(struct vcpu *v);
/* Return when no other CPU is in a write that may have been checked before now. */
void tlb_wait_writes(void);

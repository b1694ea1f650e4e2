/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A VMSA page in use, and another vCPU's PVALIDATE or RMPADJUST of it.
 *
 * On hardware VMRUN marks the page as in use, #VMEXIT takes the mark away, and an RMP instruction
 * that meets the mark faults to the hypervisor, which lets the guest try again (APM vol.
 * 2, 15.36.10 and 15.36.12). Here the page stays marked between two exits of one VMPL and while its
 * vCPU halts, because loading the state is dear. So the vCPU whose instruction waits asks the
 * holder:
 *
 *   vCPU that waits                    holder
 *   sets its bit in asked, kicks
 *                                      leaves its guest or its halt
 *                                      writes the state back, takes the mark away, kicks
 *   does the instruction
 *   clears its bit
 *                                      some time later: loads the page again as VMRUN would, with
 *                                      all its checks
 *
 * No lock is held meanwhile, and no wait is without an end. Of two vCPUs that wait for each other
 * the one with the higher index leaves its wait, puts its own page down, and lets its guest try
 * again, so the lowest always gets on.
 */
#include "machine/cpu/vcpu.h"
#include "machine/snp/rmp/rmp_rules.h"

/* v's instruction met this entry. True: the page was put down, try again at once. False: v has to
 * go back to its guest, which tries again, because the time is over or v's own VMSA is asked for;
 * or v itself runs on the page. vmsa_inuse_done() is called after the instruction in every case. */
bool vmsa_inuse_wait(struct vcpu *v, const struct rmp_entry *held);
void vmsa_inuse_done(struct vcpu *v);
/* If another vCPU waits for a VMSA page that v holds, or held when it was asked, write the state
 * back and take the page out of use. How many TSC ticks it has to stay so yet; 0: it may be loaded.
 * On v's own CPU, outside machine_run, before machine_switch and before v halts. */
uint64_t vmsa_inuse_yield(struct vcpu *v);
static inline uint64_t machine_yield(struct vcpu *v)
{
	bool wanted = !cpuset_empty(&v->asked) || v->down_since;

	return wanted ? vmsa_inuse_yield(v) : 0;
}

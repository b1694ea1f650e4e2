/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * AP creation, AP reset hold and INIT/SIPI: GHCB, SNP AP Creation and AP Reset Hold. A VMSA change
 * of another vCPU is posted to it and carried out by its own CPU; who asks waits, and serves its
 * own requests meanwhile, so two that ask each other both get an answer.
 */
#include "machine/hv/state/state.h"

/* AP_CREATION: the VMPL that runs now on me asks for r to be done to target, which may be NULL or
 * me itself. Returns when it is done; what the target's CPU has not begun within 20 s is taken
 * back. False: it may not be, or was refused; then nothing has changed, with one exception: a VMSA
 * that was taken and was then spoilt, by another vCPU, before it could run at once stays with its
 * VMPL, and does not run. */
bool ap_change(struct vcpu *me, struct vcpu *target, const struct ap_request *r);
/* On v's own CPU, out of machine_run: carry out what others asked of v. */
void ap_serve(struct vcpu *v);
/* v's current VMPL waits for a SIPI or AP_CREATION; ghcb: page to answer into, GPA_NONE: the MSR.
 */
void ap_hold(struct vcpu *v, gpa_t ghcb);
/* Does v's current VMPL have something to execute (a VMSA, not halted, not held)? */
bool ap_runnable(struct vcpu *v);
/* RUN_VMPL, as v's current VMPL asks for it: vmpl_run(), which also enters a VMSA that waits for an
 * INIT. One that fails again and again is told in the log. */
bool ap_run_vmpl(struct vcpu *v, unsigned vmpl);

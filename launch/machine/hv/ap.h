/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * AP creation, AP reset hold and INIT/SIPI: GHCB, SNP AP Creation and AP Reset Hold. A VMSA change
 * of another vCPU is posted to it and carried out by its own CPU; who asks waits, and serves its
 * own requests meanwhile, so two that ask each other both get an answer.
 */
#include "machine/hv/state.h"

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
/* v's current VMPL has nothing to do: go on with a less privileged one that AP_CREATION gave a VMSA
 * while the current one was still running. False when there is none. */
bool ap_run_fresh(struct vcpu *v);

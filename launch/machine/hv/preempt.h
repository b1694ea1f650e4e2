/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * An event for VMPL0 ends the run, the HLT or the AP reset hold of a lower VMPL on the same vCPU.
 * The host can do so whenever it likes, because it chooses the VMSA of each VMRUN; it knows of an
 * event for VMPL0 where that takes its interrupts by a doorbell page (hv/doorbell.h). VMPL0 goes on
 * behind its RUN_VMPL, which has succeeded, and finds #HV and the page as at any other time. The
 * lower VMPL waits meanwhile, and its HLT lasts beyond the next RUN_VMPL.
 *
 * Without restricted injection at VMPL0 nothing of this happens: the host cannot see whether VMPL0
 * would take an interrupt, so that one waits.
 */
#include "machine/cpu/vcpu.h"

/* Go on with VMPL0 if a lower VMPL is current and VMPL0 has an event that it was not shown yet. On
 * v's own CPU, out of machine_run, before it is decided what runs next. */
void preempt_serve(struct vcpu *v);
/* May such an event still come without any other vCPU, while a lower VMPL is current? */
bool preempt_may_come(struct vcpu *v);

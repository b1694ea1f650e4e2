/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Alternate injection, SEV_FEATURES[4]: what interrupts a VMPL stands in VINTR_CTRL and EVENTINJ of
 * its VMSA, and the same fields of the hypervisor's VMCB are ignored (APM vol. 2, 15.36.16, table
 * B-4; 15.21 for the meaning of the bits). So a more privileged VMPL says what this one takes.
 *
 *   EVENTINJ   taken at VMRUN, whatever RFLAGS.IF, and gone at the next exit
 *   V_NMI      taken when V_GIF is set and V_NMI_MASK is not; the mask lasts until IRET
 *   V_IRQ      taken when V_GIF and RFLAGS.IF are set and its priority is above V_TPR
 *   BUSY       no VMRUN succeeds: set where an exit cut the delivery of an event short, which
 *              is then in GUEST_EXITINTINFO
 *
 * While the state is loaded, VINTR_CTRL is in vmpl_ctx.vintr, but for V_TPR and the interrupt
 * shadow, which the VMCB has; EVENTINJ is the VMCB's. On v's own CPU, for its current VMPL.
 */
#include "machine/cpu/vcpu.h"
#include "abi/vmsa.h"

/* The fields of the VMSA page into c and its VMCB, and back. For c with the feature only. */
void vintr_load(struct vmpl_ctx *c, const struct vmsa *s);
void vintr_save(struct vmpl_ctx *c, struct vmsa *s);
/* Right before VMRUN: what the guest takes at once is delivered, and a window is opened for what
 * it has to wait for. RESUME, or an enum machine_exit when VMRUN fails. */
int vintr_enter(struct vcpu *v);
/* Behind an exit that goes to the hypervisor: an event whose delivery it cut short makes the VMSA
 * busy. */
void vintr_leave(struct vcpu *v);
/* Something in the VMSA ends a HLT. */
bool vintr_wakes(struct vcpu *v);
int vintr_iret(struct vcpu *v);     /* the exit for IRET, which ends the handler of an NMI */
bool vintr_stepped(struct vcpu *v); /* a #DB that the guest is to know nothing of */

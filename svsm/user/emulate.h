/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * #VC in ring 3. What a service gets for an instruction that a hypervisor may intercept; the
 * processor checks rights before it looks at the intercept (APM vol. 2, 15.7.1 and 15.10):
 *
 *   CPUID                 the answer of platform->cpuid, masked
 *   RDTSC, RDTSCP         what the SVSM itself reads; under SecureTSC that is the processor's
 *   IN, OUT, INS, OUTS    #GP by the processor: IOPL is 0 and the TSS has no I/O permissions
 *   RDMSR, WRMSR, HLT,
 *   INVD, WBINVD, MOV DR  #GP by the processor: they need CPL 0; so does RDPMC, for CR4.PCE is 0
 *   MONITOR, MWAIT        #UD by the processor
 *   VMMCALL and the rest  the end of the service, as for #GP
 *
 * The exit code comes with the exception and must agree with the instruction at RIP: a hypervisor
 * can inject #VC anywhere, with any code. One that does so at CPUID or RDTSC gains nothing, for the
 * answer is right; anywhere else it ends the service, which it can do anyway.
 */
#include "user/process.h"

/* Complete the instruction and step over it. False: the #VC is a fault of the process. Reads the
 * loaded space. */
bool emulate_vc(struct process *p);

/* Portable: take from a leaf's answer what a process must not see. That is what needs state or
 * rights that it does not have, XSAVE and all that builds on it and FSGSBASE, and what tells one
 * CPU from another. */
void emulate_mask_cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4]);

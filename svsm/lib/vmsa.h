/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The state in which a vCPU begins, as a VMSA holds it. Pure. */
#include "abi/vmsa.h"

/*
 * Write all of *v: a processor after INIT (APM vol. 2, table 14-1), in real mode at the reset
 * vector, at VMPL 0 and with no SEV_FEATURES; EFER.SVME is set, because VMRUN wants it (15.5.1).
 * The caller changes what its vCPU begins with instead.
 *
 * x87 is as FNINIT leaves it (FCW 0x37f, no register in use), not as table 14-1 has it (FCW 0x40,
 * every register tagged zero), since that is how KVM begins, and the boot VMSA's digest has to be
 * KVM's. In a VMSA the tag word is FXSAVE's, one bit for each register in use: KVM fills it so
 * (Linux 6.12, arch/x86/kvm/svm/sev.c, sev_es_sync_vmsa), and its selftest sev_smoke_test finds the
 * same in the guest's XSAVE on hardware. So 0 is an empty x87, in the digest too; Linux's 0x5555
 * for its other CPUs (table 14-1's full tag word) reads as four registers in use, until they do
 * FNINIT.
 */
void vmsa_reset(struct vmsa *v);

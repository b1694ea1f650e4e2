/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The branch predictors, which the guest at VMPL2 and a service in ring 3 share with the SVSM: all
 * VMPLs of a guest have one ASID, and only the hypervisor's word says that anything was flushed
 * between them. An Indirect Branch Prediction Barrier (MSR 0x49) and a filled return stack, on
 * processors that have the barrier. Any CPU, no lock.
 */

void predictor_init(void); /* boot CPU, once the CPUID page is checked */
/* Another one's code has run on this CPU: nothing that it has trained is used from here on. To be
 * called before the first return or indirect branch. */
void predictor_flush(void);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Keep the hypervisor from running a VMSA while the SVSM works with it: SVSM specification (58019),
 * chapter 5 and 6.4. With EFER.SVME clear VMRUN refuses it. But it may be running already, on any
 * CPU, with the registers that the processor has loaded; at its next exit those are written over
 * whatever the SVSM has read or written meanwhile, EFER with SVME set among them. So:
 *
 *   vmsa_stop_begin   clears SVME, from now on no VMRUN can begin;
 *   vmsa_stop_holds   waits until a run that had begun before is over, and tells whether there was
 *                     one: only after a true may what is in the VMSA be believed;
 *   vmsa_stop_end     sets SVME again, whatever the two have said.
 *
 * The VMSA is claimed by the caller (task/vmsa_registry.h). No locks inside; none may be held that
 * a vCPU needs on its way out of the guest: there is none.
 */
#include "base/addr.h"

/* False: the page cannot be reached (any more). */
bool vmsa_stop_begin(gpa_t vmsa);
/*
 * RMPADJUST with the rights that the page has anyway: by APM vol. 2, 15.36.10 an RMP entry in use
 * faults to the hypervisor, which has to retry, so it completes only when the VMSA does not run.
 * False: it has run since vmsa_stop_begin, or RMPADJUST did not succeed.
 */
bool vmsa_stop_holds(gpa_t vmsa);
void vmsa_stop_end(gpa_t vmsa);

/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What of SEV_STATUS (MSR 0xC0010131) and SEV_FEATURES this SVSM can run with: APM vol. 2, 15.34.10
 * and table B-4. SEV_FEATURES comes from the measured VMSA of the launch, so a bit there is not the
 * host's whim but the builder's wish, and one that the SVSM does not know changes the machine under
 * it. No privileged instruction: the unit tests run it.
 */
#include "base/types.h"

/* NULL: the SVSM can run with it. Otherwise the name of the bit that decided, and *bit. */
const char *features_refused(uint64_t sev_status, unsigned *bit);

/* SEV_FEATURES of the guest's vCPUs where the SVSM's own are these, and these the launch page's
 * flags. */
uint64_t features_of_guest(uint64_t own, uint32_t launch_flags);

/*
 * With SecureTSC each VMSA carries scale and offset of its counter, and no software can read its
 * own VMSA. The security processor tells them (guest message TSC_INFO), which is not asked yet: the
 * launch page has to say them. False: it does not.
 */
struct launch_info;
bool features_tsc_known(uint64_t own, const struct launch_info *l);

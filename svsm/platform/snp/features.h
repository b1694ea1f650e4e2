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

/* SEV_FEATURES of the guest's vCPUs where the SVSM's own are these, with alternate injection or
 * without. */
uint64_t features_of_guest(uint64_t own, bool alternate);
